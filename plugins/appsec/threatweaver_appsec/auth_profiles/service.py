"""What can be done to authentication profiles. No request, no schema, no status code."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from threatweaver.sdk import NotFound, Unprocessable, ValidationFailed, uuid7
from threatweaver_appsec.auth_profiles.models import AuthProfile
from threatweaver_appsec.auth_profiles.schemas import NEEDED, SECRETS
from threatweaver_appsec.targets.models import Target

if TYPE_CHECKING:
    from threatweaver.sdk import Context

_OWN = ("name", "username", "target_id", "kind")


async def known(profile_id: UUID) -> AuthProfile:
    """Return a profile. Raises NotFound."""
    found = await AuthProfile.get_or_none(id=profile_id)
    if found is None:
        raise NotFound
    return found


async def create(ctx: "Context", **said: Any) -> AuthProfile:
    """Add a profile, its secrets sealed. Raises Unprocessable for an unknown target."""
    if not await Target.exists(id=said["target_id"]):
        raise Unprocessable("There is no such target.")
    made = uuid7()
    own = {name: said[name] for name in _OWN if name in said}
    return await AuthProfile.create(
        id=made,
        created_by=ctx.principal.user_id,
        settings=_settings(said),
        sealed_secrets=_sealed(ctx, made, _secrets(said)),
        **own,
    )


async def update(ctx: "Context", profile_id: UUID, **said: Any) -> AuthProfile:
    """Change a profile; a secret that is not given stays, unless the place it is sent to changes.

    Raises NotFound, ValidationFailed.
    """
    found = await known(profile_id)
    settings = {**found.settings, **_settings(said)}
    secrets = _secrets(said)
    moved = any(
        settings.get(name) != found.settings.get(name)
        for name in ("loginUrl", "tokenUrl", "checkUrl", "steps", "carries")
    )
    if moved and not secrets:
        field = _camel(NEEDED[found.kind][1][0])
        detail = {"field": field, "message": "Give the secret with a new address."}
        raise ValidationFailed("Invalid request body", [detail])
    found.update_from_dict({name: said[name] for name in ("name", "username") if name in said})
    found.settings = settings
    found.tested_at = found.test_ok = None
    if secrets:
        secrets = secrets if moved else {**opened(ctx.kernel, found), **secrets}
        found.sealed_secrets = _sealed(ctx, found.id, secrets)
    await found.save()
    return found


def opened(kernel: Any, found: AuthProfile) -> dict[str, str]:
    """Return the secrets of a profile."""
    secrets: dict[str, str] = orjson.loads(
        kernel.secrets.open(found.sealed_secrets, purpose=f"appsec.auth:{found.id}")
    )
    return secrets


async def tested(profile_id: UUID, *, ok: bool) -> None:
    """Remember how a test went."""
    await AuthProfile.filter(id=profile_id).update(tested_at=datetime.now(UTC), test_ok=ok)


def wire(found: AuthProfile) -> dict[str, Any]:
    """Return a profile as it may be shown."""
    names = ("id", "name", "kind", "username", "settings", "target_id", "tested_at", "test_ok", "created_by")
    shown = {_camel(name): getattr(found, name) for name in (*names, "created_at", "updated_at")}
    return {**shown, "hasSecrets": True}


def _settings(said: dict[str, Any]) -> dict[str, Any]:
    return {_camel(name): value for name, value in said.items() if name not in {*_OWN, *SECRETS}}


def _secrets(said: dict[str, Any]) -> dict[str, str]:
    return {_camel(name): said[name] for name in SECRETS if name in said}


def _sealed(ctx: "Context", profile_id: UUID, secrets: dict[str, str]) -> str:
    text = orjson.dumps(secrets).decode()
    sealed: str = ctx.kernel.secrets.seal(text, purpose=f"appsec.auth:{profile_id}")
    return sealed


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))
