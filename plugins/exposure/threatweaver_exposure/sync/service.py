"""What people ask of the sync. No request, no schema, no status code."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver.sdk import SEVERITIES, NotFound, OutboundFailed, OutboundRefused, ValidationFailed, uuid7
from threatweaver_exposure.sync import queries
from threatweaver_exposure.sync.errors import NotConfigured, NotResumable, SyncRunning, TenableRefused
from threatweaver_exposure.sync.models import SyncConfig, SyncRun
from threatweaver_exposure.sync.runner import PURPOSE
from threatweaver_exposure.sync.tenable import Kind, Tenable

if TYPE_CHECKING:
    from threatweaver.sdk import Context

_ACTIVE = ("queued", "running")
_ETA_FROM = 15.0  # percent; before, a guess would mislead


async def config() -> dict[str, Any]:
    """Return the configuration without its keys."""
    row = await SyncConfig.get_or_none(id=1)
    names = ("url", "assets_per_chunk", "interval_minutes", "updated_by", "updated_at")
    shown = {_camel(name): getattr(row, name) if row else None for name in names}
    severity = SEVERITIES[row.minimum_severity] if row else None
    return {"configured": row is not None, "hasKeys": row is not None, "minimumSeverity": severity, **shown}


async def configure(ctx: "Context", values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the configuration; without keys those of before stay, if the address does.

    Raises ValidationFailed: keys must not follow to an address that they were not given for.
    """
    before = await SyncConfig.get_or_none(id=1)
    keys = _keys(values)
    if keys is None and (before is None or before.url != values["url"]):
        raise _invalid("Give both keys with a new address.")
    sealed = ctx.kernel.secrets.seal(keys, purpose=PURPOSE) if keys else before and before.sealed_keys
    columns = {
        "url": values["url"],
        "sealed_keys": sealed,
        "assets_per_chunk": values["assets_per_chunk"],
        "minimum_severity": SEVERITIES.index(values["minimum_severity"]),
        "updated_by": ctx.principal.user_id,
        "updated_at": datetime.now(UTC),
    }
    if before is not None and before.url != values["url"]:
        columns["position"] = None  # another account: what it learned since means nothing
    await SyncConfig.update_or_create(id=1, defaults=columns)
    return await config()


async def forget() -> None:
    """Remove the configuration with its keys. Raises NotConfigured, SyncRunning."""
    if await SyncRun.exists(state__in=_ACTIVE):
        raise SyncRunning
    if not await SyncConfig.filter(id=1).delete():
        raise NotConfigured


async def client(ctx: "Context", values: Mapping[str, Any]) -> Tenable:
    """Return what speaks to Tenable with these keys, or those that are stored. Raises NotConfigured."""
    keys = _keys(values)
    if keys is not None:
        return Tenable(kernel=ctx.kernel, url=values["url"], keys=keys)
    row = await _configured()
    keys = ctx.kernel.secrets.open(row.sealed_keys, purpose=PURPOSE)
    return Tenable(kernel=ctx.kernel, url=row.url, keys=keys)


async def check(tenable: Tenable) -> dict[str, Any]:
    """Say whether Tenable answers and accepts the keys, and if not, why."""
    try:
        await tenable.check()
    except (TenableRefused, OutboundFailed, OutboundRefused) as error:
        return {"ok": False, "error": error.code, "message": error.message}
    return {"ok": True, "error": None, "message": None}


async def start(*, full: bool, by: UUID | None) -> SyncRun:
    """Add a run: of what is new since the last completed one, or of everything.

    Raises NotConfigured, SyncRunning.
    """
    row = await _configured()
    await queries.give_up_lost()
    if await SyncRun.exists(state__in=_ACTIVE):
        raise SyncRunning
    since = None if full else row.position
    return await SyncRun.create(id=uuid7(), state="queued", since=since, created_by=by)


async def resume(run_id: UUID) -> SyncRun:
    """Let the latest run go on where it stopped. Raises NotFound, NotResumable, NotConfigured."""
    await queries.give_up_lost()
    entry = await SyncRun.get_or_none(id=run_id)
    if entry is None:
        raise NotFound
    await _configured()
    latest = await queries.latest()
    if latest is None or latest["id"] != run_id or entry.state not in {"failed", "cancelled"}:
        raise NotResumable
    await SyncRun.filter(id=run_id).update(
        state="queued",
        cancel_requested=False,
        error=None,
        message=None,
        finished_at=None,
        touched_at=datetime.now(UTC),
    )
    return entry


async def cancel() -> UUID | None:
    """Ask the active run, if there is one, to stop after its chunk; return its id. What is merged stays."""
    return await queries.request_cancel()


async def status() -> dict[str, Any]:
    """Return whether a run is active, how the latest one went, and when the last one was completed."""
    latest = await queries.latest()
    done = await SyncRun.filter(state="completed").order_by("-finished_at").first()
    row = await SyncConfig.get_or_none(id=1)
    return {
        "configured": row is not None,
        "running": latest is not None and latest["state"] in _ACTIVE,
        "lastSyncAt": done and done.finished_at,
        "nextAt": (await schedule())["nextAt"],
        "latest": latest and await queries.LISTING.one(latest["id"]),
    }


async def progress() -> dict[str, Any]:
    """Return how far the latest run is; the time that is left from 15 percent on."""
    latest = await queries.latest()
    found = await queries.LISTING.one(latest["id"]) if latest else None
    if found is None:
        nothing = {"percent": 0.0, "chunksMerged": 0, "records": 0, "refused": 0}
        return {"id": None, "state": None, "etaSeconds": None, "phase": None, "chunksTotal": None, **nothing}
    assets_done = found["assetsTotal"] is not None and found["assetsMerged"] >= found["assetsTotal"]
    phase = Kind.FINDINGS if assets_done else Kind.ASSETS
    total, merged = found[f"{phase}Total"], found[f"{phase}Merged"]
    percent = 100.0 if found["state"] == "completed" else queries.percent(phase, merged, total)
    active = found["state"] in _ACTIVE
    known = active and percent >= _ETA_FROM and found["durationSeconds"] is not None
    return {
        "id": found["id"],
        "state": found["state"],
        "percent": round(percent, 1),
        "etaSeconds": round(found["durationSeconds"] * (100 - percent) / percent) if known else None,
        "phase": phase if active else None,
        "chunksMerged": found["assetsMerged"] + found["findingsMerged"],
        "chunksTotal": None
        if found["findingsTotal"] is None or found["assetsTotal"] is None
        else found["assetsTotal"] + found["findingsTotal"],
        "records": found["records"],
        "refused": found["refused"],
    }


async def schedule() -> dict[str, Any]:
    """Return how often a run begins by itself, and when the next one does."""
    row = await SyncConfig.get_or_none(id=1)
    if row is None or row.interval_minutes is None:
        return {"intervalMinutes": None, "nextAt": None}
    last = await SyncRun.all().order_by("-created_at").first()
    interval = timedelta(minutes=row.interval_minutes)
    due = last.created_at + interval if last else row.updated_at
    return {"intervalMinutes": row.interval_minutes, "nextAt": max(due, datetime.now(UTC))}


async def set_schedule(minutes: int | None) -> dict[str, Any]:
    """Let a run begin by itself every so many minutes, or never. Raises NotConfigured."""
    await _configured()
    await SyncConfig.filter(id=1).update(interval_minutes=minutes)
    return await schedule()


async def due() -> bool:
    """Say whether a run should begin by itself now."""
    row = await SyncConfig.get_or_none(id=1)
    if row is None or row.interval_minutes is None:
        return False
    since = datetime.now(UTC) - timedelta(minutes=row.interval_minutes)
    return not await SyncRun.exists(created_at__gt=since) and not await SyncRun.exists(state__in=_ACTIVE)


async def position() -> datetime | None:
    """Return the time from which the next run fetches; None: everything. Raises NotConfigured."""
    return (await _configured()).position


async def reset_position() -> datetime | None:
    """Let the next run fetch everything; return what the position was. Raises NotConfigured."""
    before = await position()
    await SyncConfig.filter(id=1).update(position=None)
    return before


async def _configured() -> SyncConfig:
    row = await SyncConfig.get_or_none(id=1)
    if row is None:
        raise NotConfigured
    return row


def _keys(values: Mapping[str, Any]) -> str | None:
    """Return the keys as the header takes them, None without any. Raises ValidationFailed for one alone."""
    access, secret = values.get("access_key"), values.get("secret_key")
    if (access is None) != (secret is None):
        raise _invalid("Both keys belong together.")
    return None if access is None else f"accessKey={access};secretKey={secret}"


def _invalid(message: str) -> ValidationFailed:
    return ValidationFailed("Invalid request body", [{"field": "accessKey", "message": message}])


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))
