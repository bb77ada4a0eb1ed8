"""From temporary tables to the tenant's own: one merge, set by set, whatever the report's size.

Every statement here runs once an import, several in one message where nothing has to be known in between.
Their order matters; each says what it makes for the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from threatweaver.sdk import analyze, connection
from threatweaver_exposure.assets import rules
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.flaws import service as flaws
from threatweaver_exposure.history import service as history
from threatweaver_exposure.imports import absence, matching, undo
from threatweaver_exposure.imports.absence import CHECK_OF_D
from threatweaver_exposure.imports.staging import Staged
from threatweaver_exposure.intelligence import applying
from threatweaver_exposure.risk import queries as risk_queries
from threatweaver_exposure.risk import scoring
from threatweaver_exposure.risk.service import rescore

DEFINITION_COLUMNS = """name, family, synopsis, description, solution, see_also, cves, cwes, "references",
    cvss2_score, cvss2_vector, cvss3_score, cvss3_vector, cvss4_score, cvss4_vector, vpr_score, epss_score,
    exploit_available, kev, published_on, patch_published_on, modified_on, digest"""

# Items of one revision of a plugin may name different CVEs: what one report names, the next must not drop.
_MERGED = {
    "cves": """CASE WHEN EXCLUDED.modified_on IS DISTINCT FROM d.modified_on OR EXCLUDED.cves @> d.cves
                    THEN EXCLUDED.cves
                    ELSE ARRAY(SELECT DISTINCT unnest(d.cves || EXCLUDED.cves) ORDER BY 1) END"""
}
_ASSIGNED = ", ".join(
    f"{name} = {_MERGED.get(name, f'EXCLUDED.{name}')}"
    for name in map(str.strip, DEFINITION_COLUMNS.split(","))
)

# What a check is known by: a Tenable plugin's number, or the text of any other scanner.
CHECK = "(coalesce(check_id, plugin_id::text))"

REDEFINED = "d.id IN (SELECT id FROM redefined)"
# What is new, what says other words, and what knew no CVE of an advisory that a definition names one of now.
_TOLD_ANEW = f"""SELECT id FROM vulnerability_change
    WHERE action IN ('created', 'updated', 'reopened') AND evidence_changed
    UNION {flaws.OF_REDEFINED}"""
_MANY = 10_000  # findings; below, what autovacuum learns by itself is soon enough
# Stores what the ids of checks mean; makes redefined(id, known), the definitions that are new or changed, and
# says how many.
_DEFINE = f"""
CREATE TEMPORARY TABLE redefined (id int, known bool) ON COMMIT DROP;
WITH latest AS (
    SELECT DISTINCT ON (number) *, {CHECK} AS known_as FROM staged_definition ORDER BY number, seq DESC
), was AS (
    SELECT d.id, to_jsonb(d) - 'words' AS before FROM exposure_definition d JOIN latest s
      ON d.source = (SELECT source FROM importing) AND {CHECK_OF_D} = s.known_as AND d.digest <> s.digest
), written AS (
    INSERT INTO exposure_definition AS d (source, plugin_id, check_id, {DEFINITION_COLUMNS}, updated_at)
    SELECT (SELECT source FROM importing), plugin_id, check_id, {DEFINITION_COLUMNS},
           coalesce((SELECT max(seen_at) FROM matched), (SELECT undated FROM importing))
    FROM latest
    ON CONFLICT (source, {CHECK}) DO UPDATE SET {_ASSIGNED}, updated_at = EXCLUDED.updated_at
    WHERE d.digest <> EXCLUDED.digest
      AND coalesce(EXCLUDED.modified_on >= d.modified_on, true)
      AND (EXCLUDED.updated_at >= d.updated_at OR EXCLUDED.modified_on > d.modified_on)
    RETURNING id, digest
), remembered AS (
    INSERT INTO exposure_definition_before (import_id, definition_id, before, digest)
    SELECT (SELECT id FROM importing), id, was.before, written.digest FROM written JOIN was USING (id)
)
INSERT INTO redefined SELECT w.id, was.id IS NOT NULL FROM written w LEFT JOIN was USING (id);
"""
NAME_CVES = f"""
DELETE FROM exposure_definition_cve WHERE definition_id IN (SELECT id FROM redefined);
INSERT INTO exposure_definition_cve (definition_id, cve)
SELECT DISTINCT d.id, unnest(d.cves) FROM exposure_definition d JOIN redefined USING (id);
{applying.telling(REDEFINED)};
"""
"""Indexes the CVEs of the definitions in the table `redefined`, and looks up what snapshots say of them."""
# Makes defined(number, id): which definition a number of this import is.
_NUMBER = f"""
CREATE TEMPORARY TABLE defined ON COMMIT DROP AS
SELECT n.number, d.id
FROM (SELECT DISTINCT number, {CHECK} AS known_as FROM staged_definition) n
JOIN exposure_definition d ON d.source = (SELECT source FROM importing) AND {CHECK_OF_D} = n.known_as;
ANALYZE defined, redefined;
"""
_CREATE = """
INSERT INTO exposure_vulnerability (id, asset_id, definition_id, port, protocol, location, severity,
    state, risk_score, authenticated, first_seen, last_seen, evidence_digest)
SELECT id, asset_id, definition_id, port, protocol, location, severity, 0,
       risk_score, coalesce(authenticated, false), first_seen, seen_at, evidence_digest
FROM vulnerability_change WHERE action = 'created';
"""
_CHANGE = """
UPDATE exposure_vulnerability v
SET severity = c.severity, risk_score = c.risk_score, evidence_digest = c.evidence_digest,
    last_seen = c.seen_at, authenticated = coalesce(c.authenticated, v.authenticated),
    unobserved_since = CASE WHEN c.seen_at < v.unobserved_since THEN v.unobserved_since END,
    state = CASE WHEN c.action = 'reopened' THEN 1 ELSE v.state END,
    fixed_at = CASE WHEN c.action = 'reopened' THEN NULL ELSE v.fixed_at END
FROM vulnerability_change c
WHERE v.id = c.id AND (c.action IN ('updated', 'reopened')
                       OR c.action = 'unchanged' AND c.seen_at > c.old_last_seen);
"""
_TELL = """
INSERT INTO exposure_evidence (vulnerability_id, service, output, import_id, observed_at)
{evidence}
ON CONFLICT (vulnerability_id) DO UPDATE
SET service = EXCLUDED.service, output = EXCLUDED.output, import_id = EXCLUDED.import_id,
    observed_at = EXCLUDED.observed_at;
"""
_EVIDENCE = """
SELECT c.id, left(f.service, 100), coalesce(f.output, ''), (SELECT id FROM importing), c.seen_at
FROM vulnerability_change c JOIN staged_finding f ON f.seq = c.seq
WHERE c.action <> 'unchanged' AND c.evidence_changed AND c.sightings = 1
"""
_EVIDENCE_OF_SEVERAL = """
SELECT c.id, left(min(f.service), 100),
       coalesce(string_agg(DISTINCT f.output, E'\\n\\n' ORDER BY f.output), ''),
       (SELECT id FROM importing), c.seen_at
FROM vulnerability_change c
JOIN matched m USING (asset_id)
JOIN defined d ON d.id = c.definition_id
JOIN staged_finding f ON f.host = m.host AND f.definition = d.number
     AND f.port = c.port AND left(f.protocol, 16) = c.protocol AND f.location = c.location
WHERE c.action <> 'unchanged' AND c.evidence_changed AND c.sightings > 1
GROUP BY c.id, c.seen_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What an import changed, in vulnerabilities; `duplicates` are further sightings inside the report."""

    assets: int
    findings: int
    duplicates: int
    created: int
    updated: int
    reopened: int
    unchanged: int
    closed: int
    unobserved: int


async def merge(staged: Staged) -> Merged:
    """Merge what was staged, when it is its turn: two imports of one file must not both create its rows."""
    at = await history.moment()
    assets = await matching.match_hosts(at)
    await rules.apply("SELECT asset_id FROM asset_now")
    defined: str = await connection().execute(_DEFINE)
    redefined = int(defined.rsplit(" ", 1)[-1])
    _, formula = await risk_queries.current()
    counts = await _observe(formula, naming=NAME_CVES if redefined else "")
    written = counts["created"] + counts["updated"] + counts["reopened"]
    duplicates = staged.findings - written - counts["unchanged"]
    sample = "SET LOCAL default_statistics_target = 100" if written >= _MANY else ""
    await connection().execute(undo.REMEMBER_SEEN + _writing(counts, written, duplicates) + sample)
    if written >= _MANY:  # the statements after it, and the first lists, need it
        await analyze("exposure_vulnerability", "exposure_asset", "exposure_asset_identifier")
    # What a new definition is of has its score already.
    rescored = await rescore(REDEFINED, formula=formula) if counts["retold"] else 0
    closed, unobserved = await absence.miss(formula, said=staged.fixed > 0)
    if written or rescored or closed:
        await rollups.apply_changes(at=at, import_id=staged.import_id)
    if written or redefined:
        await flaws.observe(_TOLD_ANEW)
    return Merged(
        assets=assets,
        findings=staged.findings,
        duplicates=duplicates,
        created=counts["created"],
        updated=counts["updated"],
        reopened=counts["reopened"],
        unchanged=counts["unchanged"],
        closed=closed,
        unobserved=unobserved,
    )


def _writing(counts: Mapping[str, int], written: int, duplicates: int) -> str:
    """Return the statements that write what was created or changed and its evidence, as far as any was."""
    create = _CREATE if counts["created"] else ""
    changed = counts["updated"] + counts["reopened"] + counts["seen_later"]
    change = undo.REMEMBER_CHANGED + _CHANGE if changed else ""
    tell = _TELL.format(evidence=_EVIDENCE) if written else ""
    tell_of_several = _TELL.format(evidence=_EVIDENCE_OF_SEVERAL) if written and duplicates else ""
    return create + change + tell + tell_of_several


async def _observe(formula: Mapping[str, Any], *, naming: str) -> Mapping[str, int]:
    """Compare what the report saw with what is known; makes vulnerability_change, a row each, and counts it.

    `naming` are statements that definitions need before their scores are known.
    A score is worked out anew where something that it is made of changed, age apart, which has its own time.
    """
    risk = scoring.score(
        formula,
        severity="o.severity",
        first_seen="coalesce(v.first_seen, o.seen_at)",
        fixed_at="CASE WHEN g.reopens THEN NULL ELSE v.fixed_at END",
    )
    await connection().execute(
        f"""
        {naming}{_NUMBER}
        CREATE TEMPORARY TABLE vulnerability_change ON COMMIT DROP AS
        WITH observed AS (
            SELECT m.asset_id, d.id AS definition_id, f.port, left(f.protocol, 16) AS protocol, f.location,
                   max(f.severity) AS severity, min(f.seq) AS seq, count(*) AS sightings,
                   md5(string_agg(f.digest, '' ORDER BY f.digest))::uuid AS evidence_digest,
                   max(m.seen_at) AS seen_at, bool_or(m.authenticated) AS authenticated
            FROM (SELECT seq, host, definition, port, protocol, location, severity,
                         md5(service || E'\\n' || coalesce(output, '')) AS digest
                  FROM staged_finding) f
            JOIN matched m ON m.host = f.host
            JOIN defined d ON d.number = f.definition
            GROUP BY m.asset_id, d.id, f.port, left(f.protocol, 16), f.location
        )
        SELECT coalesce(v.id, uuid7()) AS id, o.*, n.risk_score, v.state AS old_state,
               v.severity AS old_severity, v.risk_score AS old_risk_score,
               coalesce(v.first_seen, o.seen_at) AS first_seen,
               v.last_seen AS old_last_seen, NULL::smallint AS new_state,
               coalesce(v.evidence_digest <> o.evidence_digest, true) AS evidence_changed,
               CASE WHEN v.id IS NULL THEN 'created'
                    WHEN o.seen_at < v.last_seen THEN 'unchanged'
                    WHEN g.reopens THEN 'reopened'
                    WHEN (v.severity, v.risk_score, v.evidence_digest)
                         IS DISTINCT FROM (o.severity, n.risk_score, o.evidence_digest) THEN 'updated'
                    ELSE 'unchanged' END AS action
        FROM observed o
        JOIN exposure_definition d ON d.id = o.definition_id
        JOIN exposure_asset a ON a.id = o.asset_id
        LEFT JOIN redefined r ON r.id = o.definition_id
        LEFT JOIN exposure_vulnerability v USING (asset_id, definition_id, port, protocol, location),
        LATERAL (SELECT v.state = 3 AND o.seen_at > v.last_seen AND o.seen_at >= v.fixed_at AS reopens) g,
        LATERAL (SELECT CASE WHEN v.severity = o.severity AND r.id IS NULL AND NOT g.reopens
                             THEN v.risk_score ELSE {risk} END AS risk_score) n;
        ANALYZE vulnerability_change;
        """
    )
    counts: Mapping[str, int] = await connection().fetchrow(
        """SELECT count(*) FILTER (WHERE action = 'created') AS created,
                  count(*) FILTER (WHERE action = 'updated') AS updated,
                  count(*) FILTER (WHERE action = 'reopened') AS reopened,
                  count(*) FILTER (WHERE action = 'unchanged') AS unchanged,
                  count(*) FILTER (WHERE action = 'unchanged' AND seen_at > old_last_seen) AS seen_later,
                  (SELECT count(*) FROM redefined WHERE known) AS retold
           FROM vulnerability_change"""
    )
    return counts
