"""/sso/test."""

from typing import Any

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound, Unprocessable
from threatweaver.http.route import RouteTable, Scope
from threatweaver.outbound import OutboundFailed, OutboundRefused
from threatweaver.sso.errors import ProviderMisconfigured
from threatweaver.sso.examples import test
from threatweaver.sso.trial import service
from threatweaver.sso.trial.schemas import TestIn, TestOut

table = RouteTable(path="/sso", tag="Single sign-on")


@table.route(
    "POST",
    "/test",
    permission=Perm.SSO_WRITE,
    body=TestIn,
    returns=TestOut,
    errors=(NotFound, Unprocessable, ProviderMisconfigured, OutboundRefused, OutboundFailed),
    scope=Scope.NONE,
    example=test,
)
async def test_provider(ctx: Context) -> dict[str, Any]:
    """Decode a pasted response or ID token, or try a directory's password, without signing anybody in.

    Shows the decoded claims, and which rule of the role mapping fires. With nothing to decode the provider
    itself is asked: its discovery, or a bind of the service account.
    """
    caller = ctx.principal
    return await service.test(ctx.kernel, caller.tenant_id, caller.tenant_slug, ctx.body)
