"""/imports: hand a scanner report in, see what became of it."""

from uuid import UUID

from marshmallow import fields, validate

from threatweaver.sdk import (
    JOB,
    Context,
    NotFound,
    Op,
    Resource,
    RouteTable,
    Scope,
    SpooledFile,
    Unprocessable,
    add_resource,
    any_of,
    eq,
    rows,
    uuid7,
)
from threatweaver_exposure.errors import NotRevertible, ReportRefused
from threatweaver_exposure.imports import gates, jobs, service
from threatweaver_exposure.imports.example import REPORT, imported
from threatweaver_exposure.imports.models import Import
from threatweaver_exposure.imports.schemas import FormatOut, ImportIn, ImportOut, RevertIn
from threatweaver_exposure.imports.upload import REPORT_FILE
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/imports", tag="Imports")

add_resource(
    table,
    Resource(
        model=Import,
        operations=Op.READ,
        read=ImportOut,
        read_permission=Perm.IMPORT_READ,
        filters=(any_of("format", fields.String()), eq("sha256", fields.String())),
        sortable=("created_at", "size"),
    ),
    name="import",
)


@table.route("GET", "/formats", permission=Perm.IMPORT_READ, returns=rows(FormatOut), scope=Scope.NONE)
async def list_formats(_: Context) -> list[dict[str, str]]:
    """List the formats of reports that are read; which one a file has is told by its content."""
    return [{"name": parser.name, "title": parser.title} for parser in service.formats()]


@table.route(
    "POST",
    permission=Perm.IMPORT_WRITE,
    upload=REPORT_FILE,
    query=ImportIn,
    headers={"X-Filename": fields.String(validate=validate.Length(1, 500))},
    returns=JOB,
    errors=(ReportRefused, Unprocessable),
    example=REPORT,
)
async def import_file(ctx: Context) -> None:
    """Import a scanner report; its format is detected, unless `mapping` says what its columns mean.

    `asset` names what a report is about that does not say so itself, as those on source code. With `dryRun`
    nothing is changed: the result says what would be, and `changes` names the first 200.
    The job's result counts assets and findings, and the vulnerabilities created, updated, reopened,
    unchanged and closed. Importing the same file again changes nothing.

    `gate` is what must not be: filters of the list of vulnerabilities, encoded, or the id of a saved one. The
    result has a `gate` with the `verdict`: `fail` if anything that the report shows (`gateOn=new`: creates or
    reopens) matches, `inconclusive` if the report has no asset, else `pass`.
    """
    if ctx.upload is None:
        raise Unprocessable
    job_id, policy = uuid7(), None
    if said := ctx.query.get("gate"):
        policy = await gates.policy(said, by=ctx.principal.user_id)
    payload = await service.accept(
        ctx.upload,
        job_id=job_id,
        user_id=ctx.principal.user_id,
        asset=ctx.query.get("asset"),
        dry_run=ctx.query["dry_run"],
        mapping_id=ctx.query.get("mapping"),
    )
    ctx.submit(jobs.import_report, id=job_id, gate=policy, gate_on=ctx.query["gate_on"], **payload)


@table.route(
    "POST",
    "/{id}/revert",
    permission=Perm.IMPORT_WRITE,
    query=RevertIn,
    returns=JOB,
    errors=(NotFound, NotRevertible),
    example=imported,
)
async def revert_import(ctx: Context) -> None:
    """Take an import back: what it changed becomes what it was before, weeks later, too.

    What a later import saw or changed, or a person decided on since, stays as it is; the job's result counts
    and names it in `kept`. With `dryRun` nothing is changed.
    """
    entry = await service.revertible(ctx.uuid("id"))
    ctx.submit(
        jobs.revert_import,
        import_id=str(entry.id),
        by=str(ctx.principal.user_id),
        dry_run=ctx.query["dry_run"],
    )


async def prepare(file: SpooledFile, job_id: UUID) -> dict[str, str]:
    """Accept a file from the command line."""
    return await service.accept(file, job_id=job_id, user_id=None)


async def prepare_mapped(file: SpooledFile, job_id: UUID) -> dict[str, str]:
    """Accept a file that a mapping reads, from the quarantine."""
    return await service.accept_again(file, job_id=job_id)
