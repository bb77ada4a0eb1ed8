"""/appsec/findings/{id}/comments."""

from threatweaver.sdk import EMPTY, Context, Page, RouteTable, page
from threatweaver_appsec.findings import service
from threatweaver_appsec.findings.models import AppsecComment
from threatweaver_appsec.findings.queries import COMMENTS
from threatweaver_appsec.findings.schemas import CommentIn, CommentOut
from threatweaver_appsec.permissions import Perm

table = RouteTable(path="/appsec/findings/{id}/comments", tag="AppSec findings")


@table.route("GET", permission=Perm.FINDING_READ, query=COMMENTS.query, returns=page(CommentOut))
async def list_comments(ctx: Context) -> Page:
    """List the comments on a finding."""
    await service.known(ctx.uuid("id"))
    return await ctx.page(COMMENTS, finding=ctx.uuid("id"))


@table.route("POST", permission=Perm.FINDING_WRITE, body=CommentIn, returns=CommentOut, status=201)
async def create_comment(ctx: Context) -> AppsecComment:
    """Comment on a finding."""
    return await service.comment(ctx.uuid("id"), by=ctx.principal.user_id, **ctx.body)


@table.route("PUT", "/{commentId}", permission=Perm.FINDING_WRITE, body=CommentIn, returns=CommentOut)
async def update_comment(ctx: Context) -> AppsecComment:
    """Change a comment of one's own."""
    found = await service.own_comment(ctx.uuid("id"), ctx.uuid("commentId"), by=ctx.principal.user_id)
    await found.update_from_dict(dict(ctx.body)).save()
    return found


@table.route("DELETE", "/{commentId}", permission=Perm.FINDING_WRITE, returns=EMPTY)
async def delete_comment(ctx: Context) -> None:
    """Delete a comment of one's own."""
    found = await service.own_comment(ctx.uuid("id"), ctx.uuid("commentId"), by=ctx.principal.user_id)
    await found.delete()
