"""Reads of vulnerabilities: one declared listing gives lists, counts and statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.sdk import (
    SEVERITIES,
    Listing,
    ValidationFailed,
    Where,
    connection,
    severity_name,
)
from threatweaver_exposure import written
from threatweaver_exposure.assets.queries import WITHIN
from threatweaver_exposure.flaws.queries import SAME_AS
from threatweaver_exposure.history.queries import AS_IT_WAS, ASSETS_AS_THEY_WERE, LAST_UNTIL, STATE_NAME
from threatweaver_exposure.history.schemas import PastDay
from threatweaver_exposure.intelligence.effective import EPSS, KEV
from threatweaver_exposure.intelligence.queries import SSVC_OF_D
from threatweaver_exposure.risk.queries import CRITICAL_FROM
from threatweaver_exposure.searching import IDENTIFIED, NAMED
from threatweaver_exposure.urgency.conditions import FEW_SINCE, lately
from threatweaver_exposure.vulnerabilities.expanding import EXPANDED
from threatweaver_exposure.vulnerabilities.filters import ACTIVE, EVERY, FILTERS
from threatweaver_exposure.vulnerabilities.models import State

ROW = {
    "id": "v.id",
    "assetId": "v.asset_id",
    "assetName": "a.name",
    "assetIp": "a.ip",
    "source": "d.source",
    "check": "coalesce(d.check_id, d.plugin_id::text)",
    "pluginId": "d.plugin_id",
    "name": "d.name",
    "family": "d.family",
    "severity": severity_name("v.severity"),
    "state": STATE_NAME.format(state="v.state"),
    "riskScore": "v.risk_score",
    "port": "v.port",
    "protocol": "v.protocol",
    "location": "v.location",
    "cves": "d.cves",
    "firstSeen": "v.first_seen",
    "lastSeen": "v.last_seen",
    "unobservedSince": "v.unobserved_since",
    "sameAs": SAME_AS,
}
_FEW_ASSETS = 200
_VERY_MANY = 20_000  # of what definitions are asked for
_DEFINITION = "JOIN exposure_definition d ON d.id = v.definition_id"
_ASSET = "JOIN exposure_asset a ON a.id = v.asset_id"
_SOURCE = f"exposure_vulnerability v {_DEFINITION} {_ASSET}"


def _states(query: Mapping[str, Any]) -> list[int]:
    return sorted(set(query.get("state") or ACTIVE))


def _constants(query: Mapping[str, Any]) -> str:
    """Return the conditions that partial indexes serve, which they do for constants only."""
    wanted, unobserved = _states(query), query.get("unobserved")
    conditions = []
    if wanted != EVERY:
        active = wanted == ACTIVE
        conditions.append("v.state <= 1" if active else f"v.state IN ({', '.join(map(str, wanted))})")
    if unobserved is not None:
        conditions.append(f"v.unobserved_since IS {'NOT ' * unobserved}NULL")
    return " AND ".join(conditions) or "true"


def _is_ranked(query: Mapping[str, Any]) -> bool:
    return query.get("sort", "").lstrip("-") in {"riskScore", "severity"}


def _halves(query: Mapping[str, Any]) -> tuple[str, ...]:
    """Tell apart what has indexes of its own where a ranked order is asked for.

    What is active and what is settled; of what is critical each severity, which is so by itself or by score.
    """
    wanted = _states(query)
    if not _is_ranked(query):
        return ()
    if query.get("critical_since") is not None and wanted == ACTIVE:
        return tuple(
            f"v.severity = {number}" + (f" AND v.risk_score >= {CRITICAL_FROM}" if name != "CRITICAL" else "")
            for number, name in enumerate(SEVERITIES)
        )
    return ("v.state <= 1", "v.state > 1") if wanted[0] <= 1 < wanted[-1] else ()


def _chosen_by(query: Mapping[str, Any]) -> set[str]:
    """Return the filters asked for beside severity and state, which every index and rollup knows."""
    return set(query) - {"severity", "state", "page", "limit", "cursor", "sort", "expand", "saved_filter"}


def _first_of_each(query: Mapping[str, Any]) -> str | None:
    """Take the first of each definition and severity, where definitions are chosen by what they are.

    In the order of all of them, those may come last; one of a definition and severity has an index.
    """
    chosen = _chosen_by(query)
    if not chosen or chosen - _OF_DEFINITIONS - _BY_WORTH:
        return None
    if _states(query) != ACTIVE or not _is_ranked(query):
        return None
    # Values keep their numbers without the last filter, which a definition alone does not decide.
    where, _ = LISTING.conditions({**query, "kev_since": None})
    rest = "true"
    if query.get("kev_since") is not None:
        where, (rest, _) = f"{where} AND {KEV}", LISTING.conditions(query)
    return f"""(
        SELECT v.* FROM (
            SELECT v.id FROM (
                SELECT DISTINCT v.definition_id, v.severity
                FROM exposure_definition_rollup v {_DEFINITION} WHERE {where}
            ) p, LATERAL (
                SELECT v.id, v.severity, v.risk_score
                FROM exposure_vulnerability v {_DEFINITION if rest != "true" else ""}
                WHERE v.definition_id = p.definition_id AND v.severity = p.severity AND v.state <= 1
                  AND {rest} AND {{behind}} ORDER BY {{order}} LIMIT {{limit}}
            ) v ORDER BY {{order}} LIMIT {{limit}}
        ) f JOIN exposure_vulnerability v ON v.id = f.id) v {_DEFINITION} {_ASSET}"""


async def _from_rollup(query: Mapping[str, Any]) -> int | None:
    """Return the count from a rollup when only severity, state, and dates or definitions are asked for."""
    asked = _chosen_by(query)
    if asked <= {"start_date", "end_date", "as_of"}:
        return sum(await rollup_by_severity(query, query.get("state") or ACTIVE))
    if asked == {"search"}:
        return await _found_in_rollup(query)
    if asked <= _OF_DEFINITIONS | _OF_OTHERS:
        where, values = LISTING.conditions(query)  # the columns they name are the rollup's, too
        return int(
            await connection().fetchval(
                f"""SELECT coalesce(sum(v.total), 0)::bigint FROM exposure_definition_rollup v {_DEFINITION}
                    WHERE {where}""",
                *values,
            )
        )
    return None


async def _found_in_rollup(query: Mapping[str, Any]) -> int | None:
    """Return how many a text is found in; definitions have a rollup, those of few assets are counted."""
    where, _ = LISTING.conditions({**query, "search": None})
    _, asked = LISTING.conditions(query)  # the text comes last
    named, identified = (sql.replace("{}", f"${len(asked)}") for sql in (NAMED, IDENTIFIED))
    total: int | None = await connection().fetchval(
        f"""WITH named(definition_id) AS ({named}),
                 asset AS (SELECT DISTINCT asset_id FROM ({identified}) i LIMIT {_FEW_ASSETS + 1})
            SELECT CASE WHEN (SELECT count(*) FROM asset) <= {_FEW_ASSETS} THEN (
                SELECT coalesce(sum(v.total), 0) FROM exposure_definition_rollup v
                WHERE v.definition_id IN (SELECT definition_id FROM named) AND {where}
            ) + (
                SELECT count(*) FROM exposure_vulnerability v
                WHERE v.asset_id IN (SELECT asset_id FROM asset)
                  AND NOT v.definition_id IN (SELECT definition_id FROM named) AND {where}
            ) END::bigint""",
        *asked,
    )
    return total


LISTING = Listing(
    source=_SOURCE,
    columns=ROW,
    id="v.id",
    within=WITHIN.format(asset="v.asset_id", ids="{}"),
    where=FILTERS,
    sort={
        "riskScore": "v.risk_score",
        "severity": ("v.severity", "v.risk_score"),
        "firstSeen": "v.first_seen",
        "lastSeen": "v.last_seen",
    },
    default_sort="-riskScore",
    narrow=_constants,
    halves=_halves,
    ahead=_first_of_each,
    total=_from_rollup,
    depends=written.state,
    expand=EXPANDED,
    spare={"d": _DEFINITION, "a": _ASSET},
)


def _unindexed(column: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Return the same order as an expression, for which no index is walked."""
    if isinstance(column, tuple):
        return tuple(str(_unindexed(each)) for each in column)
    nothing = "interval '0'" if column.endswith("_seen") else "0"
    return f"({column} + {nothing})"


# Where few rows are asked for, they are found and sorted: in the order of all of them, they may come last.
_UNINDEXED = {name: _unindexed(column) for name, column in LISTING.sort.items()}
_OF_FEW = replace(LISTING, sort=_UNINDEXED, halves=lambda _: (), ahead=lambda _: None)
_OF_DEFINITIONS = {"cve", "plugin_id", "definition_id", "text", "kev", "epss_from", "epss_to"}
_OF_OTHERS = {"not_cve", "not_plugin_id", "not_definition_id"}
_BY_WORTH = {"kev", "epss_from", "epss_to", "kev_since"}
_FEW = {"cve", "plugin_id", "definition_id", "text", "asset_id"}
# Where a walk meets very many rows of what is asked for, each is looked up in what was found once.
_WALKED = replace(
    LISTING,
    where=tuple(
        replace(item, sql=f"({item.sql}) IS TRUE") if item.name == "text" else item for item in LISTING.where
    ),
)

_LATELY = replace(
    _OF_FEW,
    narrow=lambda query: (
        f"{_constants(query)} AND {lately(query.get('critical_since'), query.get('kev_since'))}"
    ),
)

AS_OF = replace(
    LISTING,
    source=f"{AS_IT_WAS} v {_DEFINITION} JOIN {ASSETS_AS_THEY_WERE} a ON a.id = v.asset_id",
    sort=_UNINDEXED,
    halves=lambda _: (),
    ahead=lambda _: None,
    spare={"d": _DEFINITION},
    where=(*LISTING.where[:-1], Where("as_of", PastDay(), LAST_UNTIL)),
)


async def detail(vulnerability_id: UUID, within: list[UUID] | None) -> asyncpg.Record | None:
    """Return everything about one vulnerability, its evidence and acceptance included.

    None, too, when its asset is in none of the groups and tags `within`; None there means all assets.
    """
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in ROW.items())
    return await connection().fetchrow(
        f"""
        SELECT {columns}, v.fixed_at AS "fixedAt", d.synopsis, d.description, d.solution,
               d.see_also AS "seeAlso", ARRAY(SELECT 'CWE-' || c FROM unnest(d.cwes) c) AS cwes,
               d."references", d.cvss2_score AS "cvss2Score", d.cvss2_vector AS "cvss2Vector",
               d.cvss3_score AS "cvss3Score", d.cvss3_vector AS "cvss3Vector",
               d.cvss4_score AS "cvss4Score", d.cvss4_vector AS "cvss4Vector",
               d.vpr_score AS "vprScore", {EPSS} AS "epssScore",
               d.exploit_available AS "exploitAvailable", {KEV} AS kev, d.published_on AS "publishedOn",
               d.patch_published_on AS "patchPublishedOn", e.service, e.output,
               a.criticality, {SSVC_OF_D}::text AS ssvc, x.reason, x.until, x.accepted_by, x.accepted_at
        FROM {_SOURCE}
        LEFT JOIN exposure_evidence e ON e.vulnerability_id = v.id
        LEFT JOIN exposure_acceptance x ON x.vulnerability_id = v.id AND v.state = 2
        WHERE v.id = $1 AND ($2::uuid[] IS NULL OR {WITHIN.format(asset="v.asset_id", ids="$2")})
        """,
        vulnerability_id,
        within,
    )


def listing(query: Mapping[str, Any]) -> Listing:
    """Return the list of now, or that of a past day if one is asked for.

    Raises ValidationFailed for one of a past day without what was the same flaw: that is not known of then.
    """
    if query.get("as_of") is None:
        return _OF_FEW if _FEW & query.keys() and not _first_of_each(query) else LISTING
    if query.get("once_per_flaw"):
        told = {"field": "asOf", "message": "What was one flaw then is not known: leave oncePerFlaw out."}
        raise ValidationFailed("Invalid query parameters", [told])
    return AS_OF


async def quickest(query: Mapping[str, Any]) -> Listing:
    """Return the same list, in the shape that is read fastest at how much happened lately."""
    days = [day for name in ("critical_since", "kev_since") if (day := query.get(name)) is not None]
    if days and query.get("as_of") is None and await connection().fetchval(FEW_SINCE, min(days)):
        return _LATELY
    return _WALKED if await _is_everywhere(query) else listing(query)


async def _is_everywhere(query: Mapping[str, Any]) -> bool:
    """Say whether definitions are asked for, by time, that very many rows have: a few are found soon."""
    if "sort" not in query or _is_ranked(query):  # ranked, the first of each are taken anyway
        return False
    if _chosen_by(query) not in ({"definition_id"}, {"text"}) or len(query.get("definition_id", ())) > 1:
        return False
    if _states(query) != ACTIVE or query.get("severity") is not None:
        return False
    return (await _from_rollup(query) or 0) >= _VERY_MANY


async def names() -> dict[str, dict[str, str]]:
    """Return the names of tags and groups in lower case, with what the list's parameters take for each."""
    rows = await connection().fetch(
        """SELECT 'tags' AS kind, name, name AS value FROM exposure_tag
           UNION ALL SELECT 'groups', name, id::text FROM exposure_asset_group LIMIT 10000"""
    )
    found: dict[str, dict[str, str]] = {"tags": {}, "groups": {}}
    for row in rows:
        found[row["kind"]][row["name"].lower()] = row["value"]
    return found


async def stats(query: Mapping[str, Any]) -> asyncpg.Record:
    """Return counts over everything a filter matches, in one statement."""
    chosen = await quickest(query)
    where, values = chosen.conditions(query)
    severities = ", ".join(
        f"count(*) FILTER (WHERE v.severity = {number}) AS {name}"
        for number, name in enumerate(("info", "low", "medium", "high", "critical"))
    )
    states = ", ".join(
        f"count(*) FILTER (WHERE v.state = {state.value}) AS {state.name.lower()}" for state in State
    )
    row = await connection().fetchrow(
        f"""SELECT count(*) AS total, count(DISTINCT v.asset_id) AS assets,
                   count(DISTINCT v.definition_id) AS definitions, {severities}, {states}
            FROM {chosen.source} WHERE {where}""",
        *values,
    )
    if row is None:
        raise LookupError
    return row


async def rollup_by_severity(query: Mapping[str, Any], states: Sequence[int] = ACTIVE) -> list[int]:
    """Return the number of vulnerabilities by severity, INFO first, from the rollup of now or of a day."""
    as_of = query.get("as_of")
    rows = await connection().fetch(
        f"""SELECT severity, sum(total)::bigint AS total
           FROM {"exposure_rollup" if as_of is None else "exposure_day_rollup"}
           WHERE state = ANY($1) AND ($2::smallint[] IS NULL OR severity = ANY($2))
             AND ($3::date IS NULL OR first_seen_on >= $3) AND ($4::date IS NULL OR first_seen_on <= $4)
             AND {"$5::date IS NULL" if as_of is None else "day <= $5"} GROUP BY severity""",
        states,
        query.get("severity"),
        query.get("start_date"),
        query.get("end_date"),
        as_of,
    )
    counts = [0, 0, 0, 0, 0]
    for row in rows:
        counts[row["severity"]] = row["total"]
    return counts
