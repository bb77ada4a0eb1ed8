"""What can be done to targets. No request, no schema, no status code."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from threatweaver.sdk import NotFound, ValidationFailed, connection, publish
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.scope import Network, Scope, origin_of
from threatweaver_appsec.errors import TargetInUse
from threatweaver_appsec.events import AppsecStandingChanged
from threatweaver_appsec.targets.allowed import AllowList
from threatweaver_appsec.targets.models import Target, new_token


async def create(*, by: UUID, base_url: str, **what: Any) -> Target:
    """Add a target; its scope is its own origin, below its own path. Raises ValidationFailed."""
    parts = urlsplit(base_url)
    if parts.query or origin_of(base_url) is None:
        raise _invalid("baseUrl", "Must be an http(s) URL without a query.")
    return await Target.create(created_by=by, base_url=base_url.rstrip("/"), prefixes=["/"], **what)


async def known(target_id: UUID, *, lock: bool = False) -> Target:
    """Return a target. Raises NotFound."""
    query = Target.filter(id=target_id)
    found = await (query.select_for_update() if lock else query).first()
    if found is None:
        raise NotFound
    return found


async def update(target_id: UUID, **changes: Any) -> Target:
    """Change a target's name or description. Raises NotFound."""
    found = await known(target_id, lock=True)
    await found.update_from_dict(changes).save()
    return found


async def delete(target_id: UUID) -> None:
    """Delete a target with its assessments and findings. Raises NotFound, TargetInUse."""
    found = await known(target_id, lock=True)
    if await connection().fetchval(
        "SELECT EXISTS (SELECT FROM appsec_assessment WHERE target_id = $1 AND finished_at IS NULL"
        " AND queued_at IS NOT NULL)",
        target_id,
    ):
        raise TargetInUse
    if await connection().fetchval(
        "SELECT EXISTS (SELECT FROM appsec_finding WHERE target_id = $1)", target_id
    ):
        await publish(AppsecStandingChanged(target_id=target_id, base_url=found.base_url))
    await found.delete()


async def set_scope(target_id: UUID, allow: AllowList, **changes: list[str]) -> Target:
    """Change what of a target may be asked: further origins, prefixes, exclusions.

    Raises NotFound, and ValidationFailed for an origin that nobody proved to be theirs.
    """
    found = await known(target_id, lock=True)
    if "origins" in changes:
        asked_for = {origin for url in changes["origins"] if (origin := origin_of(url))}
        if unproven := sorted(asked_for - await proven(asked_for, allow)):
            raise _invalid("origins", f"No verified target is at {unproven[0]}.")
        changes["origins"] = sorted(asked_for)
    if changes.get("prefixes") == []:
        changes["prefixes"] = ["/"]
    await found.update_from_dict(changes).save()
    return found


async def proven(origins: Iterable[str], allow: AllowList) -> set[str]:
    """Return those origins that a verified target is at, or the operator lists."""
    urls = await Target.filter(verified_at__not_isnull=True).values_list("base_url", flat=True)
    verified = {origin_of(str(url)) for url in urls}
    return {origin for origin in origins if origin in verified or allow.names(origin)}


async def standing_changed(target_ids: Iterable[UUID]) -> None:
    """Tell whoever has copies of findings that people decided about some of these targets."""
    for target in await Target.filter(id__in=list(target_ids)):
        await publish(AppsecStandingChanged(target_id=target.id, base_url=target.base_url))


def scope_of(target: Target, *, safe: bool, networks: tuple[Network, ...] = ()) -> Scope:
    """Return what a scan of a target may ask, as the engine takes it."""
    own = origin_of(target.base_url)
    return Scope(
        origins=frozenset({*target.origins, *([own] if own else [])}),
        prefixes=tuple(target.prefixes),
        exclusions=tuple(target.exclusions),
        safe=safe,
        allowed=networks,
    )


def asked(target: Target, allow: AllowList, *, url: str, method: str) -> dict[str, Any]:
    """Say whether a scan in safe mode would send such a request, and if not, why."""
    reason = scope_of(target, safe=True, networks=allow.networks).refusal(Request(method, url))
    return {"allowed": reason is None, "reason": reason}


def instructions(target: Target, allow: AllowList) -> Mapping[str, Any]:
    """Return how to prove that a target may be scanned, and whether that is proven."""
    host = urlsplit(target.base_url).hostname or ""
    value = f"threatweaver-verification={target.verification_token}"
    listed = allow.names(target.base_url)
    return {
        "verified": listed or target.verified_at is not None,
        "verifiedAt": target.verified_at,
        "verifiedBy": "allow-list" if listed and target.verified_by is None else target.verified_by,
        "checkedAt": target.checked_at,
        "checkError": target.check_error,
        "token": target.verification_token,
        "dnsName": f"_threatweaver.{host}" if host and not host.replace(".", "").isdigit() else None,
        "dnsValue": value,
        "fileUrl": f"{_root(target)}/.well-known/threatweaver.txt",
        "fileContent": value,
        "metaTag": f'<meta name="threatweaver-verification" content="{target.verification_token}">',
        "allowListed": listed,
    }


async def checked(target_id: UUID, method: str, error: str | None) -> Target:
    """Remember how a verification went: a failed one leaves an earlier success alone. Raises NotFound."""
    found = await known(target_id, lock=True)
    found.checked_at, found.check_error = datetime.now(UTC), error
    if error is None:
        found.verified_at, found.verified_by = found.checked_at, method
    await found.save()
    return found


async def forget_verification(target_id: UUID) -> Target:
    """Take the verification back, and make a new token. Raises NotFound."""
    found = await known(target_id, lock=True)
    found.verification_token = new_token()
    found.verified_at = found.verified_by = found.checked_at = found.check_error = None
    await found.save()
    return found


def may_be_scanned(target: Target, allow: AllowList) -> bool:
    """Say whether it is proven that a target may be scanned, or an operator lists it."""
    return target.verified_at is not None or allow.names(target.base_url)


def _root(target: Target) -> str:
    parts = urlsplit(target.base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _invalid(field: str, message: str) -> ValidationFailed:
    return ValidationFailed("Invalid request body", [{"field": field, "message": message}])
