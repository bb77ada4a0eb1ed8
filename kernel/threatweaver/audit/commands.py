"""What an operator or an auditor does with logs on the command line."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from threatweaver.audit import export, queries, roots
from threatweaver.audit.export import Scope
from threatweaver.audit.roots import PublicKeys
from threatweaver.audit.verify import Broken, Chain, verify_file, verify_live
from threatweaver.db.transaction import CONTROL
from threatweaver.http.errors import NotFound
from threatweaver.tenancy import across
from threatweaver.tenancy.models import Tenant

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


def check_file(path: Path, keys: PublicKeys) -> bool:
    """Check an export and print what was found; return whether it is whole. Raises OSError.

    Without keys the export's own is believed.
    """
    with path.open("rb") as file:
        try:
            end = verify_file(file, keys or None)
        except Broken as error:
            _say(f"BROKEN  {error}")
            return False
    _whole(end)
    if not keys:
        _say("The key is the export's own: compare its id with the one you keep, or give it with --key.")
    return True


async def write(kernel: "Kernel", slug: str | None, path: Path) -> None:
    """Export a tenant's log, or control's, to a new file. Raises NotFound, OSError."""
    log = await _log(kernel, slug)
    opened = kernel.database.control() if log == CONTROL else kernel.database.tenant(log)
    with path.open("xb") as file:
        async with opened:
            made = await export.begin(roots.signing_key(kernel.keys.audit), log, _scope(kernel, log))
        async for piece in export.stream(made):
            file.write(piece)
    _say(f"{path}: lines 1 to {made.root.seq}, signed {made.root.at} with key {made.root.key_id}")


async def check_live(kernel: "Kernel", slug: str | None, keys: PublicKeys) -> bool:
    """Check a log in the database and print what was found; return whether it is whole. Raises NotFound."""
    log = await _log(kernel, slug)
    public = roots.signing_key(kernel.keys.audit).public_key()
    try:
        _whole(await verify_live(log, _scope(kernel, log), {roots.key_id(public): public, **keys}))
    except Broken as error:
        _say(f"BROKEN  {error}")
        return False
    return True


async def state(kernel: "Kernel") -> tuple[str, bool]:
    """Return what `doctor` says about the logs: a look at the ends, every line takes `audit verify`."""
    logs = await across.having(kernel.database, "audit_head")
    wrong = [row["log"] for row in await across.fetch(kernel.database, logs, queries.CUT)]
    if wrong:
        return f"lines are missing at the end of {', '.join(wrong)}: threatweaver audit verify", False
    return f"{len(logs)} logs end as they should; `threatweaver audit verify` checks every line", True


async def _log(kernel: "Kernel", slug: str | None) -> str:
    if slug is None:
        return CONTROL
    async with kernel.database.control(read_only=True):
        tenant = await Tenant.get_or_none(slug=slug)
    if tenant is None:
        raise NotFound(f"There is no tenant {slug!r}.")
    return tenant.schema


def _scope(kernel: "Kernel", log: str) -> Scope:
    if log == CONTROL:
        return partial(kernel.database.control, read_only=True)
    return partial(kernel.database.tenant, log, read_only=True)


def _whole(end: Chain) -> None:
    _say(f"whole  log {end.log}, lines up to {end.seq}, hash {end.hash.hex()}")
    if end.root is not None:
        _say(f"signed up to line {end.root.seq} at {end.root.at} with key {end.root.key_id}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
