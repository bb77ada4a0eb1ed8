"""One tenant as a caller sees it, with two looks behind: a snapshot of its tables and a recount."""

from asyncio import sleep, timeout
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from json import loads
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import FormData

from threatweaver.ids import uuid7
from threatweaver.jobs import inline
from threatweaver.kernel import Kernel
from threatweaver.tenancy import provision
from threatweaver.tenancy.models import Tenant
from threatweaver_exposure.assets import rules
from threatweaver_exposure.flaws import service as flaws
from threatweaver_exposure.history import queries as history
from threatweaver_exposure.risk import queries as risk
from threatweaver_exposure.risk import scoring

TABLES = (
    "exposure_acceptance",
    "exposure_alias",
    "exposure_anomaly",
    "exposure_asset",
    "exposure_asset_group",
    "exposure_asset_group_member",
    "exposure_asset_identifier",
    "exposure_asset_merge",
    "exposure_asset_merge_item",
    "exposure_asset_rollup",
    "exposure_asset_tag",
    "exposure_before",
    "exposure_cve",
    "exposure_day_asset_rollup",
    "exposure_day_rollup",
    "exposure_definition",
    "exposure_definition_before",
    "exposure_definition_cve",
    "exposure_definition_rollup",
    "exposure_epss",
    "exposure_event",
    "exposure_evidence",
    "exposure_flaw_apart",
    "exposure_flow_rollup",
    "exposure_identity_recipe",
    "exposure_export",
    "exposure_export_chunk",
    "exposure_feed",
    "exposure_intel_snapshot",
    "exposure_kev",
    "exposure_layout",
    "exposure_risk_aged",
    "exposure_risk_formula",
    "exposure_rollup",
    "exposure_saved_filter",
    "exposure_score_rollup",
    "exposure_sighting",
    "exposure_sla_policy",
    "exposure_sync_chunk",
    "exposure_sync_config",
    "exposure_sync_refusal",
    "exposure_sync_run",
    "exposure_tag",
    "exposure_tombstone",
    "exposure_vulnerability",
    "exposure_withdrawn",
    "exposure_withdrawn_asset",
)
# History; rollups and indexes, which a recount checks; and what an import leaves beside what it changes.
TRACES = (
    "exposure_asset_merge",
    "exposure_asset_merge_item",
    "exposure_asset_rollup",
    "exposure_before",
    "exposure_day_asset_rollup",
    "exposure_day_rollup",
    "exposure_definition_before",
    "exposure_definition_cve",
    "exposure_definition_rollup",
    "exposure_event",
    "exposure_flow_rollup",
    "exposure_rollup",
    "exposure_score_rollup",
    "exposure_sighting",
    "exposure_tombstone",
    "exposure_withdrawn",
    "exposure_withdrawn_asset",
)
_EVERYTHING = " UNION ALL ".join(
    f"SELECT '{table}' AS held, t::text AS line FROM {table} t"
    for table in TABLES
    if table != "exposure_sighting"
)
SEVERITIES = ("info", "low", "medium", "high", "critical")
# Evidence without a vulnerability and the reverse, states that do not fit their dates, broken references,
# and CVEs that definition and index do not agree on.
_LEFTOVERS = """
SELECT
    (SELECT count(*) FROM exposure_evidence e
     WHERE NOT EXISTS (SELECT 1 FROM exposure_vulnerability v WHERE v.id = e.vulnerability_id)) AS loose,
    (SELECT count(*) FROM exposure_vulnerability v
     WHERE NOT EXISTS (SELECT 1 FROM exposure_evidence e WHERE v.id = e.vulnerability_id)) AS bare,
    (SELECT count(*) FROM exposure_vulnerability v
     WHERE (v.state = 3) <> (v.fixed_at IS NOT NULL) OR v.last_seen < v.first_seen) AS odd,
    (SELECT count(*) FROM exposure_vulnerability v
     LEFT JOIN exposure_asset a ON a.id = v.asset_id
     LEFT JOIN exposure_definition d ON d.id = v.definition_id WHERE a.id IS NULL OR d.id IS NULL) AS lost,
    (SELECT count(*) FROM (SELECT unnest(cves), id FROM exposure_definition
                           EXCEPT SELECT cve, definition_id FROM exposure_definition_cve)) AS unlisted,
    (SELECT count(*) FROM (SELECT cve, definition_id FROM exposure_definition_cve
                           EXCEPT SELECT unnest(cves), id FROM exposure_definition)) AS overlisted
"""
# Waits, as TRUNCATE does, for whoever still writes. TRUNCATE itself gives each table and index a new file,
# which every connection has to learn: 200 ms. What a few rows are deleted from does not grow large.
EMPTY = f"""
SET LOCAL session_replication_role = replica;
LOCK TABLE {", ".join(TABLES)}, exposure_import;
DO $$
DECLARE held record;
BEGIN
    FOR held IN
        SELECT named, pg_relation_size(named) AS size
        FROM unnest(ARRAY['{"','".join(TABLES)}','exposure_import']) t
        LEFT JOIN LATERAL pg_partition_tree(t::regclass) ON true, coalesce(relid, t::regclass) named
        WHERE isleaf IS NOT false
    LOOP
        IF held.size > 200000 THEN EXECUTE format('TRUNCATE %s CASCADE', held.named);
        ELSIF held.size > 0 THEN EXECUTE format('DELETE FROM %s', held.named);
        END IF;
    END LOOP;
END $$;
-- No trigger says that this was a write.
INSERT INTO exposure_written (id) VALUES (pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING;
"""
COUNTS = ("created", "updated", "reopened", "unchanged", "closed")


@dataclass(kw_only=True)
class Answer:
    """Status, headers and JSON body of a response."""

    status: int
    headers: Any
    body: Any = field(repr=False)

    def __repr__(self) -> str:
        return f"<{self.status} {self.body}>"


@dataclass(kw_only=True, repr=False)
class Space:
    """A tenant with an administrator."""

    kernel: Kernel
    client: Any
    tenant: Tenant
    headers: dict[str, str]
    assets: dict[str, str] = field(default_factory=dict)
    group: str = ""

    def __repr__(self) -> str:  # hypothesis would print the whole kernel beside a failure
        return f"<space {self.tenant.slug}>"

    @classmethod
    async def make(cls, kernel: Kernel, client: Any, as_role: Any) -> "Space":
        slug = f"s-{uuid7().hex[-12:]}"
        tenant = await provision.create(kernel.database, slug=slug, name=slug, apps=kernel.registry.apps)
        return cls(kernel=kernel, client=client, tenant=tenant, headers=await as_role("admin", tenant))

    @property
    def spool(self) -> Path:
        return self.kernel.settings.spool

    async def empty(self) -> None:
        async with self.kernel.database.owner(self.tenant.schema) as unit:
            await unit.connection.execute(EMPTY)

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        headers = {**self.headers, **options.pop("headers", {})}
        if isinstance(options.get("data"), bytes):
            options["data"] = BytesIO(options["data"])
        async with self.client.request(method, f"/api{path}", headers=headers, **options) as response:
            body = await response.json() if response.content_type == "application/json" else None
            return Answer(status=response.status, headers=response.headers, body=body)

    async def get(self, path: str, **params: Any) -> Any:
        """The body of a GET that must succeed."""
        answer = await self.call("GET", path, params={name: str(value) for name, value in params.items()})
        assert answer.status == 200, answer
        return answer.body

    async def refusal(self, path: str, **params: Any) -> Any:
        """The body of a GET that must be refused as invalid."""
        answer = await self.call("GET", path, params={name: str(value) for name, value in params.items()})
        assert answer.status == 400, answer
        assert answer.body["code"] == "VALIDATION_ERROR"
        return answer.body

    async def upload(self, data: Any, *, name: str = "scan.nessus", wait: int = 60, **headers: str) -> Answer:
        """Hand a report in as a raw body, and wait for its job."""
        return await self.call(
            "POST", "/imports", data=data, headers={"X-Filename": name, "Prefer": f"wait={wait}", **headers}
        )

    async def submit(self, data: Any, *, name: str = "scan.nessus") -> str:
        """Hand a report in and return the id of its job without waiting."""
        answer = await self.upload(data, name=name, wait=0)
        assert answer.status == 202, answer
        return answer.body["jobId"]

    async def finished(self, job_id: str, *, seconds: float = 60) -> Any:
        """The body of a job once it is final."""
        job: dict[str, Any] = {}

        async def final() -> bool:
            job.update(await self.get(f"/jobs/{job_id}"))
            return job["status"] in {"completed", "failed", "cancelled"}

        await until(final, seconds=seconds)
        return job

    async def _result(self, answer: Answer) -> dict[str, Any]:
        """The result of a job that a request waited for, and that is waited for on if it takes longer."""
        assert answer.status == 202, answer
        job = answer.body
        if job["status"] in {"queued", "running"}:
            job = await self.finished(job["jobId"], seconds=180)
        assert job["status"] == "completed", job
        result: dict[str, Any] = job["result"]
        return result

    async def hand_in(self, data: Any, *, name: str = "scan.nessus") -> dict[str, Any]:
        """Import a report through the API and return the result of its job."""
        return await self._result(await self.upload(data, name=name))

    async def take(self, data: bytes, *, name: str = "scan.nessus") -> dict[str, Any]:
        """Import a report as the command line does, in this process, and return the result of its job.

        It is the same job without an upload and a queue, which cost a quarter of a small import.
        """
        with TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(data)
            result: dict[str, Any] = await inline.import_file(self.kernel, self.tenant, path)
        return result

    async def counts(self, data: Any) -> dict[str, int]:
        """Import a report and return those of its counts that are not zero."""
        result = await self.take(data)
        return {name: result[name] for name in COUNTS if result[name]}

    async def walk(self, path: str, *, limit: int = 100, **params: Any) -> list[dict[str, Any]]:
        """All rows of a list, page by page; `meta` must agree with what is seen."""
        rows, number = [], 1
        while True:
            body = await self.get(path, page=number, limit=limit, **params)
            rows += body["data"]
            meta = body["meta"]
            assert (meta["page"], meta["limit"]) == (number, limit)
            if number >= meta["totalPages"]:
                assert meta["total"] == len(rows), (path, params)
                assert meta["nextCursor"] is None
                return rows
            assert len(body["data"]) == limit
            number += 1

    async def follow(self, path: str, *, limit: int = 100, **params: Any) -> list[dict[str, Any]]:
        """All rows of a list, by cursor."""
        body = await self.get(path, limit=limit, **params)
        rows = body["data"]
        while cursor := body["meta"]["nextCursor"]:
            body = await self.get(path, limit=limit, cursor=cursor, **params)
            rows += body["data"]
        return rows

    async def vulnerabilities(self, **params: Any) -> list[dict[str, Any]]:
        return await self.walk("/vulnerabilities", **{"state": "all", **params})

    async def states(self) -> dict[tuple[int, int], str]:
        """(plugin, port) → state."""
        return {(row["pluginId"], row["port"]): row["state"] for row in await self.vulnerabilities()}

    async def only(self, **params: Any) -> dict[str, Any]:
        """The one vulnerability there is, in full."""
        (row,) = await self.vulnerabilities(**params)
        return (await self.get(f"/vulnerabilities/{row['id']}"))["data"]

    async def sql(self, query: str, *values: Any) -> list[dict[str, Any]]:
        async with self.kernel.database.tenant(self.tenant.schema, read_only=True) as unit:
            return [dict(row) for row in await unit.connection.fetch(query, *values)]

    async def revert(self, import_id: str, *, dry_run: bool = False) -> dict[str, Any]:
        """Take an import back and return the result of that job."""
        path = f"/imports/{import_id}/revert?dryRun={str(dry_run).lower()}"
        answer = await self.call("POST", path, headers={"Prefer": "wait=60"})
        return await self._result(answer)

    async def merge(self, into: str, *others: str, **more: Any) -> dict[str, Any]:
        """Merge assets into one and return what that did."""
        body = {"assetIds": others, **more}
        answer = await self.call("POST", f"/assets/{into}/merge", json=body)
        assert answer.status == 200, answer
        return answer.body

    async def split(self, asset: str, *identifiers: tuple[str, str], **more: Any) -> dict[str, Any]:
        """Split identifiers (kind, value) off an asset and return what that did."""
        body = {"identifiers": [{"kind": kind, "value": value} for kind, value in identifiers], **more}
        answer = await self.call("POST", f"/assets/{asset}/split", json=body)
        assert answer.status == 200, answer
        return answer.body

    async def undo(self, merge_id: str, *, dry_run: bool = False) -> dict[str, Any]:
        """Undo a merge or split and return what that did."""
        path = f"/assets/merges/{merge_id}/undo?dryRun={str(dry_run).lower()}"
        answer = await self.call("POST", path)
        assert answer.status == 200, answer
        return answer.body

    async def state(self) -> dict[str, set[str]]:
        """A snapshot of what is so now: without history, rollups and what reverting needs."""
        rows = await self.snapshot()
        found = {table: set(lines) for table, lines in rows.items() if table not in TRACES}
        for table in ("exposure_asset_tag", "exposure_asset_group_member"):
            # What rules hold comes and goes: what is so is whom, not under which number.
            found[table] = {line.partition(",")[2] if line.endswith(",t)") else line for line in found[table]}
        return found

    async def is_again(self, before: dict[str, set[str]]) -> None:
        """Compare what is so with what was; scanners' checks that came to be known since may stay so."""
        now = await self.state()
        assert before["exposure_definition"] <= now["exposure_definition"]
        differing = {
            table: {"lost": before[table] - rows, "new": rows - before[table]}
            for table, rows in now.items()
            if table != "exposure_definition" and rows != before[table]
        }
        assert differing == {}

    async def snapshot(self) -> dict[str, list[str]]:
        """Every row of every table, as text, but imports and their sightings, which each import adds to."""
        rows: dict[str, list[str]] = {table: [] for table in TABLES if table != "exposure_sighting"}
        for row in await self.sql(_EVERYTHING):
            rows[row["held"]].append(row["line"])
        return {table: sorted(lines) for table, lines in rows.items()}

    def spooled(self) -> list[str]:
        """Names of the files that wait in the spool folder."""
        return sorted(path.name for path in self.spool.iterdir())

    async def known(self, **when: Any) -> dict[str, Any]:
        """What lists and figures say about states, severities and risks, now or `asOf` a day."""
        shown = ("id", "state", "severity", "riskScore")
        return {
            "kpis": await self.get("/dashboard/kpis", **when),
            "breakdown": await self.get("/dashboard/severity-breakdown", **when),
            "stats": await self.get("/vulnerabilities/stats", state="all", **when),
            "active": [[row[name] for name in shown] for row in await self.walk("/vulnerabilities", **when)],
            "all": [[row[name] for name in shown] for row in await self.vulnerabilities(**when)],
            "high": await self.get("/vulnerabilities/stats", severity="HIGH,CRITICAL", **when),
        }

    async def check_sla(self, day: date) -> None:
        """Compare the SLA of a day with what the list of that day says."""
        found = await self.get("/dashboard/sla", asOf=day)
        rows = await self.walk("/vulnerabilities", asOf=day)
        for tier in found["tiers"]:
            seen = [
                date.fromisoformat(row["firstSeen"][:10])
                for row in rows
                if row["severity"] == tier["severity"]
            ]
            assert tier["active"] == len(seen), (day, tier)
            if tier["allowedDays"] is not None:
                last = day - timedelta(days=tier["allowedDays"])
                soon = last + timedelta(days=7)
                assert tier["breached"] == sum(first < last for first in seen), (day, tier)
                assert tier["dueSoon"] == sum(last <= first < soon for first in seen), (day, tier)
                assert tier["within"] == len(seen) - tier["breached"], (day, tier)

    async def a_day_passes(self) -> None:
        """Let all that was written down have been a day earlier."""
        await self.days_pass(1)

    async def days_pass(self, count: int) -> None:
        """Let all that was written down have been so many days earlier; in two steps: days are unique."""
        async with self.kernel.database.owner(self.tenant.schema) as unit:
            for step in (count + 10_000, -10_000):
                await unit.connection.execute(
                    f"""UPDATE exposure_day_rollup SET day = day - {step};
                        UPDATE exposure_day_asset_rollup SET day = day - {step};
                        UPDATE exposure_score_rollup SET day = day - {step};
                        UPDATE exposure_flow_rollup
                        SET day = day - {step}, created_on = created_on - {step}"""
                )
            await unit.connection.execute(f"UPDATE exposure_event SET at = at - interval '{count} days'")

    async def check(self) -> None:
        """Compare every rollup with a recount, and the key figures with what the lists say."""
        await self.recount()
        await self.check_figures()

    async def recount(self) -> None:
        """Compare every rollup with a recount, and look for rows that hang loose."""
        await self._check_rollup()
        await self._check_assets()
        (leftovers,) = await self.sql(_LEFTOVERS)
        assert set(leftovers.values()) == {0}, leftovers
        async with self.kernel.database.tenant(self.tenant.schema, read_only=True):
            assert await history.disagreements() == []
            _, formula = await risk.current()
        wrong = await self.sql(
            f"""SELECT v.id, v.state, v.risk_score, {scoring.of_rows(formula)} AS computed FROM {risk.JOINED}
                WHERE v.risk_score <> {scoring.of_rows(formula)}"""
        )
        assert wrong == [], "scores are not what the formula says"
        await self._check_flaws()
        await self._check_rules()

    async def _check_rules(self) -> None:
        async with self.kernel.database.tenant(self.tenant.schema):
            for holder in (rules.TAGS, rules.GROUPS):
                ruled = await self.sql(f"SELECT id, rule FROM {holder.table} WHERE rule IS NOT NULL")
                for row in ruled:
                    done = await rules.set_rule(holder, row["id"], loads(row["rule"]))
                    assert (done.added, done.removed) == (0, 0), (row, done)
        (loose,) = await self.sql(
            """SELECT count(*) AS n FROM (
                   SELECT asset_id FROM exposure_asset_tag WHERE by_rule
                   UNION ALL SELECT asset_id FROM exposure_asset_group_member WHERE by_rule) m
               WHERE asset_id NOT IN (SELECT id FROM exposure_asset)"""
        )
        assert loose["n"] == 0, "a rule holds an asset that is gone"

    async def _check_flaws(self) -> None:
        async with self.kernel.database.tenant(self.tenant.schema) as unit:
            await flaws.tell_all(await flaws.active_recipe())
            wrong = await unit.connection.fetch(
                """SELECT v.id, v.flaw, n.flaw AS told FROM exposure_vulnerability v
                   LEFT JOIN flaw_now n USING (id) WHERE v.flaw IS DISTINCT FROM n.flaw"""
            )
            assert wrong == [], "flaws are not what the recipe says"

    async def _check_rollup(self) -> None:
        kept = await self.sql(
            "SELECT first_seen_on, severity, state, total FROM exposure_rollup ORDER BY 1, 2, 3"
        )
        counted = await self.sql(
            """SELECT (first_seen AT TIME ZONE 'UTC')::date AS first_seen_on, severity, state,
                      count(*) AS total FROM exposure_vulnerability GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
        )
        assert kept == counted

    async def _check_assets(self) -> None:
        counts = ", ".join(
            f"count(v.id) FILTER (WHERE v.severity = {number}) AS open_{name}"
            for number, name in enumerate(SEVERITIES)
        )
        names = ", ".join(f"open_{name}" for name in SEVERITIES)
        kept = await self.sql(
            f"SELECT id, worst_severity, risk_score, {names} FROM exposure_asset ORDER BY id"
        )
        counted = await self.sql(
            f"""SELECT a.id, coalesce(max(v.severity), -1) AS worst_severity,
                       coalesce(max(v.risk_score), 0) AS risk_score, {counts}
                FROM exposure_asset a LEFT JOIN exposure_vulnerability v ON v.asset_id = a.id AND v.state <= 1
                GROUP BY a.id ORDER BY a.id"""
        )
        assert kept == counted
        rollup = await self.sql(
            "SELECT worst_severity, assets, risk_sum FROM exposure_asset_rollup WHERE assets <> 0 ORDER BY 1"
        )
        recount = await self.sql(
            """SELECT worst_severity, count(*) AS assets, sum(risk_score)::bigint AS risk_sum
               FROM exposure_asset GROUP BY 1 ORDER BY 1"""
        )
        assert rollup == recount
        (bad,) = await self.sql(
            """SELECT (SELECT count(*) FROM exposure_asset_rollup WHERE assets < 0 OR risk_sum < 0)
                    + (SELECT count(*) FROM exposure_rollup WHERE total <= 0) AS n"""
        )
        assert bad["n"] == 0

    async def check_figures(self, **filters: Any) -> dict[str, Any]:
        """The key figures under filters must be what the lists say under the same filters."""
        kpis = await self.get("/dashboard/kpis", **filters)
        chosen = {name: value for name, value in filters.items() if name in {"tag", "assetGroup"}}
        assets = await self.get("/assets", limit=1, **chosen)
        assert kpis["totalAssets"] == assets["meta"]["total"]
        wanted = {part.strip().lower() for part in str(filters.get("severity", "")).split(",") if part}
        rest = {name: value for name, value in filters.items() if name != "severity"}
        for name in SEVERITIES:
            listed = await self.get("/vulnerabilities", limit=1, severity=name.upper(), **rest)
            expected = listed["meta"]["total"] if not wanted or name in wanted else 0
            assert kpis[name] == expected, (name, filters)
        listed = await self.get("/vulnerabilities", limit=1, **filters)
        assert (
            kpis["totalVulnerabilities"] == listed["meta"]["total"] == sum(kpis[name] for name in SEVERITIES)
        )
        stats = await self.get("/vulnerabilities/stats", **filters)
        assert stats["total"] == listed["meta"]["total"]
        breakdown = (await self.get("/dashboard/severity-breakdown", **filters))["data"]
        assert {row["severity"].lower(): row["count"] for row in breakdown} == {
            name: kpis[name] for name in SEVERITIES
        }
        assert [row["severity"] for row in breakdown] == ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"]
        return kpis


async def until(condition: Callable[[], Awaitable[Any]], *, seconds: float = 30) -> None:
    """Wait for a condition; TimeoutError when it does not come true."""
    async with timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process or task makes it true
            await sleep(0.02)


def form(data: bytes, *, field_name: str = "file", filename: str = "scan.nessus") -> FormData:
    """A multipart body with one file."""
    body = FormData(quote_fields=False)
    body.add_field(field_name, BytesIO(data), filename=filename, content_type="application/octet-stream")
    return body
