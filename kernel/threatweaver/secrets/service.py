"""Rotating the ring: a new key, everything sealed anew, the old key retired."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from threatweaver.db.transaction import connection
from threatweaver.http.errors import Conflict, NotFound
from threatweaver.license.store import CHANNEL
from threatweaver.secrets import reseal, ring
from threatweaver.secrets.models import SecretKey

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

PASSING = timedelta(minutes=15)
"""Texts that live for minutes are not sealed anew; a key outlives them."""


class RotationUnderWay(Conflict):
    """A new key was added a moment ago and does not seal yet."""

    code = "ROTATION_UNDER_WAY"


class KeyInUse(Conflict):
    """The key seals, did so a moment ago, or still has texts: rotate, re-encrypt, then retire it."""

    code = "KEY_IN_USE"


async def rotate(kernel: "Kernel", *, lead: timedelta = ring.LEAD) -> SecretKey:
    """Add a key that seals from `lead` on, in a control scope. Raises RotationUnderWay."""
    if await SecretKey.exists(seals_from__gt=datetime.now(UTC)):
        raise RotationUnderWay
    key = await ring.add(kernel.keys.storage, lead=lead)
    await announce()
    return key


async def announce() -> None:
    """Let every process take the ring over at the commit: they listen for the license on this channel."""
    await connection().execute(f"NOTIFY {CHANNEL}")


async def reseal_if_due(kernel: "Kernel") -> reseal.Outcome | None:
    """Seal everything anew once after each rotation; None when there is nothing to do."""
    box, now = kernel.secrets, datetime.now(UTC)
    await ring.refresh(kernel.database, kernel.keys.storage, box)
    async with kernel.database.control(read_only=True):
        key = await SecretKey.get_or_none(id=int(box.sealing()))
    # A minute behind the change of keys, so that no slow transaction commits a text of the old one.
    if key is None or key.resealed_at is not None or key.seals_from + timedelta(minutes=1) > now:
        return None
    return await reseal_all(kernel)


async def reseal_all(kernel: "Kernel") -> reseal.Outcome:
    """Seal every text with the key that seals now, and remember that it was done."""
    number = int(kernel.secrets.sealing())
    outcome = await reseal.everything(kernel.database, kernel.secrets)
    async with kernel.database.control():
        await SecretKey.filter(id=number).update(resealed_at=datetime.now(UTC))
    return outcome


async def retire(kernel: "Kernel", number: int) -> None:
    """Destroy a key that nothing needs any more. Raises NotFound, KeyInUse."""
    await ring.refresh(kernel.database, kernel.keys.storage, kernel.secrets)
    if str(number) not in kernel.secrets.ring:
        raise NotFound
    now = datetime.now(UTC)
    async with kernel.database.control(read_only=True):
        sealing = await SecretKey.filter(seals_from__lte=now, retired_at=None).order_by("-seals_from").first()
    used = await reseal.usage(kernel.database)
    newest = sealing.id if sealing else 0
    fresh = sealing is None or sealing.seals_from + PASSING > now
    if number >= newest or fresh or used.get(str(number)):
        raise KeyInUse
    async with kernel.database.control():
        if number == 0:
            await SecretKey.create(id=0, seals_from=datetime.fromtimestamp(0, UTC), retired_at=now)
        else:
            await SecretKey.filter(id=number).update(wrapped=None, retired_at=now)
        await announce()


async def rotate_once(kernel: "Kernel") -> dict[str, Any]:
    """Add a key unless one is on its way, and return it, in a control scope."""
    upcoming = await SecretKey.filter(seals_from__gt=datetime.now(UTC)).first()
    key = upcoming or await rotate(kernel)
    return next(item for item in await listed() if item["id"] == key.id)


async def listed() -> list[dict[str, Any]]:
    """Return every key of the ring and its state, never a key itself, in a control scope."""
    now, rows = datetime.now(UTC), {row.id: row for row in await SecretKey.all()}
    started = (row.id for row in rows.values() if row.seals_from <= now and row.retired_at is None)
    sealing = max(started, default=0)
    return [_wire(number, rows.get(number), sealing) for number in sorted({0, *rows})]


async def status(kernel: "Kernel", used: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return every key, and how many texts it holds as `texts`; `used` is what reseal.usage counted."""
    async with kernel.database.control(read_only=True):
        return [{**key, "texts": used.get(str(key["id"]), 0)} for key in await listed()]


def _wire(number: int, row: SecretKey | None, sealing: int) -> dict[str, Any]:
    state = "current" if number == sealing else "opens" if number < sealing else "upcoming"
    if row is not None and row.retired_at is not None:
        state = "retired"
    return {
        "id": number,
        "state": state,
        "createdAt": row.created_at if row and number else None,
        "sealsFrom": row.seals_from if row and number else None,
        "resealedAt": row.resealed_at if row else None,
        "retiredAt": row.retired_at if row else None,
    }
