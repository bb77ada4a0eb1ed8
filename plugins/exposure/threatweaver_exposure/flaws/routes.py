"""/vulnerabilities/identity-recipes: how findings are told apart, and who is a flaw of its own."""

from typing import Any

from threatweaver.sdk import JOB, Caller, Context, Example, NotFound, RouteTable, bare
from threatweaver_exposure.errors import NotApart
from threatweaver_exposure.flaws import jobs, service
from threatweaver_exposure.flaws.schemas import IdentityRecipesOut, RecipeApplyIn, RecipeIn
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.vulnerabilities.routes import get_vulnerability
from threatweaver_exposure.vulnerabilities.schemas import VulnerabilityDetailOut

table = RouteTable(path="/vulnerabilities", tag="Vulnerabilities")


async def _separated(caller: Caller) -> Example:
    found = await caller.some("/vulnerabilities")
    await caller.call("POST", f"/vulnerabilities/{found}/separate")
    return Example(params={"id": found})


@table.route("GET", "/identity-recipes", permission=Perm.VULNERABILITY_READ, returns=bare(IdentityRecipesOut))
async def list_recipes(_: Context) -> dict[str, Any]:
    """Return the recipes that tell findings apart, what each kind compares, and which recipe is active."""
    return await service.recipes()


@table.route(
    "POST", "/identity-recipes/preview", permission=Perm.VULNERABILITY_READ, body=RecipeIn, returns=JOB
)
async def preview_recipe(ctx: Context) -> None:
    """Say what a recipe would do: groups there would be, vulnerabilities joined and split, and 50 groups."""
    ctx.submit(jobs.preview_recipe, recipe=ctx.body["recipe"])


@table.route(
    "POST", "/identity-recipes/apply", permission=Perm.IDENTITY_APPLY, body=RecipeApplyIn, returns=JOB
)
async def apply_recipe(ctx: Context) -> None:
    """Tell findings apart by a recipe from now on, in place; applying the one before takes it back.

    When `expectedGroups` differs from the number of groups it makes, nothing is changed.
    """
    ctx.changed("identity-recipe", after={"recipe": ctx.body["recipe"]})
    ctx.submit(
        jobs.apply_recipe,
        recipe=ctx.body["recipe"],
        by=str(ctx.principal.user_id),
        expected=ctx.body.get("expected_groups"),
    )


@table.route(
    "POST",
    "/{id}/separate",
    permission=Perm.IDENTITY_SEPARATE,
    returns=VulnerabilityDetailOut,
    errors=(NotFound,),
    scoped=True,
)
async def separate(ctx: Context) -> dict[str, Any]:
    """Say that a vulnerability is a flaw of its own: no recipe and no import joins it with others."""
    await get_vulnerability(ctx)  # which raises NotFound for what the caller may not see
    await service.separate(ctx.uuid("id"), by=ctx.principal.user_id)
    return await get_vulnerability(ctx)


@table.route(
    "POST",
    "/{id}/rejoin",
    permission=Perm.IDENTITY_SEPARATE,
    returns=VulnerabilityDetailOut,
    errors=(NotFound, NotApart),
    scoped=True,
    example=_separated,
)
async def rejoin(ctx: Context) -> dict[str, Any]:
    """Take back that a vulnerability is a flaw of its own: the active recipe decides again."""
    await get_vulnerability(ctx)
    await service.rejoin(ctx.uuid("id"))
    return await get_vulnerability(ctx)
