"""/appsec/auth-profiles: how scans sign in."""

from dataclasses import asdict, replace
from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import (
    EMPTY,
    Caller,
    Conflict,
    Context,
    Example,
    Listing,
    NotFound,
    Page,
    RouteTable,
    Scope,
    Unprocessable,
    any_of,
    bare,
    eq,
    page,
    record,
    search,
)
from threatweaver_appsec.auth_profiles import logins, service
from threatweaver_appsec.auth_profiles.schemas import (
    KINDS,
    AuthProfileCreate,
    AuthProfileOut,
    AuthProfileUpdate,
    LoginTestOut,
)
from threatweaver_appsec.emergency import service as emergency
from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.errors import ScansStopped, TargetNotVerified
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.targets import allowed
from threatweaver_appsec.targets import service as targets

table = RouteTable(path="/appsec/auth-profiles", tag="AppSec authentication profiles")
_LISTING = Listing(
    source="appsec_auth_profile",
    columns={
        "id": "id",
        "targetId": "target_id",
        "name": "name",
        "kind": "kind",
        "username": "username",
        "settings": "settings",
        "hasSecrets": "true",
        "testedAt": "tested_at",
        "testOk": "test_ok",
        "createdBy": "created_by",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    },
    where=(
        eq("target_id", fields.UUID()),
        any_of("kind", fields.String(validate=validate.OneOf(KINDS))),
        search("name"),
    ),
    sort={"name": "name", "createdAt": "created_at"},
    default_sort="name",
    objects=frozenset({"settings"}),
)


async def _example(caller: Caller) -> Example:
    target = await caller.some("/appsec/targets")
    body = {"targetId": target, "name": "Ann", "kind": "header", "header": "X-Key", "value": "example"}
    return Example(body={**body, "checkUrl": "https://example.com/account"})


@table.route("GET", permission=Perm.AUTH_READ, query=_LISTING.query, returns=page(AuthProfileOut))
async def list_auth_profiles(ctx: Context) -> Page:
    """List how scans sign in; never the secrets."""
    return await ctx.page(_LISTING)


@table.route(
    "POST",
    permission=Perm.AUTH_WRITE,
    body=AuthProfileCreate,
    returns=AuthProfileOut,
    status=201,
    errors=(Conflict, Unprocessable),
    example=_example,
)
async def create_auth_profile(ctx: Context) -> dict[str, Any]:
    """Say how scans sign in as somebody; secrets are kept encrypted.

    `form` needs loginUrl, username and password, and takes usernameField, passwordField, extra and totpSeed;
    `token` needs value; `header` header and value; `cookie` cookieName and value; `oauth2` tokenUrl, clientId
    and clientSecret, and with username and password asks for the token of that person. `recorded` needs steps
    and password: requests in turn, into which `{{username}}`, `{{password}}`, `{{totp}}` and what `extracts`
    took out of earlier answers are put; `carries` are headers of the session. `checkUrl` is a page that only
    somebody who is signed in sees, with `checkText` on it.
    """
    made = await service.create(ctx, **ctx.body)
    ctx.changed(f"appsec-auth-profile:{made.id}", after={"name": made.name, "kind": made.kind})
    return service.wire(made)


@table.route("GET", "/{id}", permission=Perm.AUTH_READ, returns=AuthProfileOut)
async def get_auth_profile(ctx: Context) -> dict[str, Any]:
    """Return how scans sign in as somebody; never the secrets."""
    return service.wire(await service.known(ctx.uuid("id")))


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.AUTH_WRITE,
    body=AuthProfileUpdate,
    returns=AuthProfileOut,
    errors=(Conflict,),
)
async def update_auth_profile(ctx: Context) -> dict[str, Any]:
    """Change how scans sign in; a secret that is not given stays, at the same addresses and steps."""
    made = await service.update(ctx, ctx.uuid("id"), **ctx.body)
    ctx.changed(f"appsec-auth-profile:{made.id}", after={"name": made.name, "kind": made.kind})
    return service.wire(made)


@table.route("DELETE", "/{id}", permission=Perm.AUTH_WRITE, returns=EMPTY)
async def delete_auth_profile(ctx: Context) -> None:
    """Forget how scans sign in as somebody, and the secrets."""
    await (await service.known(ctx.uuid("id"))).delete()


@table.route(
    "POST",
    "/{id}/test",
    permission=Perm.AUTH_WRITE,
    returns=bare(LoginTestOut),
    scope=Scope.NONE,
    errors=(NotFound, ScansStopped),
)
async def test_auth_profile(ctx: Context) -> dict[str, Any]:
    """Sign in, and show each step: that the session shows, and that wrong credentials are refused.

    Nothing is sent where nobody proved that the target may be scanned: `reason` says so.
    """
    allow, profile_id = allowed.of(ctx.kernel.registry.settings), ctx.uuid("id")
    async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
        profile = await service.known(profile_id)
        await emergency.refuse_when_stopped()
        target = await targets.known(profile.target_id)
        proven = frozenset(await targets.proven(target.origins, allow))
    found: dict[str, Any] = {"ok": False, "reason": TargetNotVerified.default_message(), "steps": []}
    if targets.may_be_scanned(target, allow):
        scope = targets.scope_of(target, safe=True, networks=allow.networks)
        scope = replace(scope, origins=(scope.origins - frozenset(target.origins)) | proven)
        limits = Limits(requests=60, seconds=60, answer_seconds=10)
        login = logins.login_of(ctx.kernel, profile)
        name = f"login-{profile_id}"
        async with (
            Client(scope, limits, name, lambda *_: None, base=target.base_url) as client,
            emergency.heeded(ctx, client),
        ):
            came = await login.sign_in(client)
        found = {"ok": came.ok, "reason": came.reason, "steps": [asdict(step) for step in came.steps]}
    async with ctx.kernel.database.tenant(ctx.principal.schema):
        await service.tested(profile_id, ok=found["ok"])
        await record(f"appsec-auth-profile:{profile_id}", after={"tested": found["ok"]})
    return found
