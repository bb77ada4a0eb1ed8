"""/me: who one is here, and what one may do."""

from typing import Any

from threatweaver.access.me.schemas import MyPermissionsOut, ProfileIn, ProfileOut
from threatweaver.auth.models import User
from threatweaver.auth.principal import Principal
from threatweaver.auth.queries import memberships_of
from threatweaver.http.context import Context
from threatweaver.http.route import SESSION, SIGNED_IN, RouteTable, Scope, bare

table = RouteTable(path="/me", tag="Me")


@table.route("GET", permission=SIGNED_IN, returns=bare(ProfileOut), scope=Scope.CONTROL)
async def profile(ctx: Context) -> dict[str, Any]:
    """Return the caller's profile, permissions and tenants; an API token sees its own tenant only."""
    return await _profile(ctx.principal)


@table.route("PUT", permission=SESSION, body=ProfileIn, returns=bare(ProfileOut), scope=Scope.CONTROL)
async def change_profile(ctx: Context) -> dict[str, Any]:
    """Change one's own name, in every tenant."""
    person = ctx.principal
    before = (await User.get(id=person.user_id)).name
    await User.filter(id=person.user_id).update(name=ctx.body["name"])
    ctx.changed(f"user:{person.user_id}", before={"name": before}, after=ctx.body)
    return {**await _profile(person), "name": ctx.body["name"]}


@table.route("GET", "/permissions", permission=SIGNED_IN, returns=bare(MyPermissionsOut), scope=Scope.NONE)
async def my_permissions(ctx: Context) -> dict[str, Any]:
    """Return what the caller may do in the whole tenant, and what for some rows only."""
    return _permissions(ctx.principal)


async def _profile(person: Principal) -> dict[str, Any]:
    places = [
        {
            "id": place.tenant_id,
            "slug": place.tenant_slug,
            "role": place.role,
            "current": place.tenant_id == person.tenant_id,
        }
        for place in await memberships_of(person.user_id)
    ]
    return {
        "id": person.user_id,
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "tokenId": person.token_id,
        "tenants": [place for place in places if person.token_id is None or place["current"]],
        **_permissions(person),
    }


def _permissions(person: Principal) -> dict[str, Any]:
    return {
        "permissions": sorted(person.permissions),
        "scoped": [
            {"permission": name, "within": sorted(ids)} for name, ids in sorted(person.scoped.items())
        ],
    }
