"""/threat-intel: signed snapshots of public feeds, and what they say of CVEs."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import (
    JOB,
    Context,
    Op,
    Page,
    Resource,
    RouteTable,
    Unprocessable,
    Upload,
    add_resource,
    any_of,
    page,
    rows,
    uuid7,
)
from threatweaver_exposure.engine.intel_snapshot import FEEDS
from threatweaver_exposure.imports.upload import FILE
from threatweaver_exposure.intelligence import answers, jobs, queries, service
from threatweaver_exposure.intelligence.errors import SnapshotOlder, SnapshotRefused
from threatweaver_exposure.intelligence.example import SNAPSHOT
from threatweaver_exposure.intelligence.models import Snapshot
from threatweaver_exposure.intelligence.schemas import (
    AdvisoryField,
    AliasesOut,
    CveOut,
    FeedOut,
    KevEntryOut,
    SnapshotIn,
    SnapshotOut,
)
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.vulnerabilities.filters import CveField

table = RouteTable(path="/threat-intel", tag="Threat intelligence")
snapshots = RouteTable(path="/threat-intel/snapshots", tag="Threat intelligence")


def max_bytes(settings: Mapping[str, Mapping[str, int | str]]) -> int:
    """Return the size limit of a snapshot, decompressed."""
    return int(settings["exposure"]["intel_max_bytes"])


add_resource(
    snapshots,
    Resource(
        model=Snapshot,
        operations=Op.LIST,
        read=SnapshotOut,
        read_permission=Perm.INTEL_READ,
        filters=(any_of("feed", fields.String(validate=validate.OneOf(FEEDS))),),
        sortable=("created_at", "published"),
    ),
    name="snapshot",
)


@snapshots.route(
    "POST",
    permission=Perm.INTEL_WRITE,
    upload=Upload(
        max_bytes=max_bytes,
        description="A snapshot: the form field `file`, or the raw body with X-Filename.",
        content=FILE,
    ),
    query=SnapshotIn,
    headers={"X-Filename": fields.String(validate=validate.Length(1, 500))},
    returns=JOB,
    errors=(SnapshotRefused, SnapshotOlder, Unprocessable),
    example=SNAPSHOT,
)
async def import_snapshot(ctx: Context) -> None:
    """Import a snapshot that a trusted key signed; it replaces what is known of its feed.

    Vulnerabilities are ranked anew by the EPSS scores of a snapshot that is newer than the reports that found
    them. One that is older than what holds is refused, but for `replay`, which brings it back.
    """
    if ctx.upload is None:
        raise Unprocessable
    job_id = uuid7()
    entry = await service.accept(
        ctx.upload.head,
        keys=str(ctx.kernel.registry.settings["exposure"]["intel_keys"]),
        replay=ctx.query["replay"],
        job_id=job_id,
        user_id=ctx.principal.user_id,
    )
    ctx.submit(jobs.import_snapshot, id=job_id, snapshot_id=str(entry.id), path=str(ctx.upload.path))


@table.route("GET", "/feeds", permission=Perm.INTEL_READ, returns=rows(FeedOut))
async def list_feeds(_: Context) -> list[dict[str, Any]]:
    """List the feeds: when what is known of each was published and imported, its age and its records."""
    return await answers.feeds()


@table.route("GET", "/kev", permission=Perm.INTEL_READ, query=queries.KEV.query, returns=page(KevEntryOut))
async def list_kev(ctx: Context) -> Page:
    """List CISA's known exploited vulnerabilities, those added last first.

    `startDate` and `endDate` are days on which they were added, both included.
    """
    return await ctx.page(queries.KEV)


@table.route(
    "GET",
    "/cve/{cve}",
    permission=Perm.INTEL_READ,
    params={"cve": CveField()},
    returns=CveOut,
)
async def get_cve(ctx: Context) -> dict[str, Any]:
    """Return what the feeds say of a CVE; null and empty where a feed says nothing.

    `ssvc` has the path in CISA's tree, and its decision for each mission and well-being, which depends
    on the asset.
    """
    return await answers.cve(ctx.params["cve"])


@table.route(
    "GET",
    "/aliases/{id}",
    permission=Perm.INTEL_READ,
    params={"id": AdvisoryField()},
    returns=AliasesOut,
)
async def get_aliases(ctx: Context) -> dict[str, Any]:
    """Return which ids stand for the same flaw as this one, and who says so of which two.

    `name` is the class's CVE, else its GHSA, else its first id. An id that no advisory names is alone.
    """
    return await answers.aliases(ctx.params["id"])
