"""What an operator does with the key ring on the command line."""

import sys
from typing import TYPE_CHECKING, Any

from threatweaver.audit import service as audit
from threatweaver.secrets import reseal as texts
from threatweaver.secrets import service

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def rotate(kernel: "Kernel") -> None:
    """Add a key. Raises RotationUnderWay."""
    async with kernel.database.control():
        key = await service.rotate(kernel)
    await audit.command(kernel.database, "keys-rotate", target=f"secret-key:{key.id}")
    _say(f"key {key.id} seals from {key.seals_from:%Y-%m-%d %H:%M:%S} UTC on")
    _say("a worker then seals everything anew; see `threatweaver keys status`, then retire the older keys")


async def reseal(kernel: "Kernel") -> bool:
    """Seal everything anew now, in this process; return whether every text could be read."""
    outcome = await service.reseal_all(kernel)
    await audit.command(
        kernel.database,
        "keys-reseal",
        target=f"secret-key:{kernel.secrets.sealing()}",
        after={"resealed": outcome.resealed, "unreadable": outcome.unreadable},
    )
    _say(f"{outcome.resealed} texts sealed anew, {outcome.unreadable} unreadable")
    return outcome.unreadable == 0


async def retire(kernel: "Kernel", number: int) -> None:
    """Destroy a key. Raises NotFound, KeyInUse."""
    await service.retire(kernel, number)
    await audit.command(kernel.database, "keys-retire", target=f"secret-key:{number}")
    _say(f"key {number} is destroyed")


async def status(kernel: "Kernel") -> None:
    """Print a line for each key."""
    for key in await service.status(kernel, await texts.usage(kernel.database)):
        _say(f"key {key['id']}  {key['state']:8}  {key['texts']} texts{_dates(key)}")


async def state(kernel: "Kernel") -> tuple[str, bool]:
    """Return what `doctor` says about the ring, and whether it is good."""
    used = await texts.usage(kernel.database)
    keys = await service.status(kernel, used)
    strays = {key: count for key, count in used.items() if key not in kernel.secrets.ring}
    current = next(key["id"] for key in keys if key["state"] == "current")
    if strays:
        return f"{sum(strays.values())} texts are sealed with keys that are gone: {', '.join(strays)}", False
    behind = sum(key["texts"] for key in keys if key["state"] == "opens")
    waiting = f"; {behind} texts wait to be sealed anew" if behind else ""
    return f"key {current} seals, {sum(key['texts'] for key in keys)} texts{waiting}", True


def _dates(key: dict[str, Any]) -> str:
    named = {"seals from": "sealsFrom", "everything resealed": "resealedAt", "retired": "retiredAt"}
    return "".join(f"  {name} {key[member]:%Y-%m-%d %H:%M}" for name, member in named.items() if key[member])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
