"""What a row of the list has besides when `expand` asks for it: JSON objects, made by PostgreSQL."""

from threatweaver_exposure.assets.queries import COLUMNS
from threatweaver_exposure.intelligence.effective import EPSS, KEV

MOST = 20_000  # characters of a text: a page has up to 500 rows; the detail has all of it

# Subqueries, so that nothing is made for rows that only are sorted.
_DEFINITION = f"""(SELECT json_build_object(
    'synopsis', left(d.synopsis, {MOST}), 'description', left(d.description, {MOST}),
    'solution', left(d.solution, {MOST}), 'seeAlso', d.see_also,
    'cwes', ARRAY(SELECT 'CWE-' || c FROM unnest(d.cwes) c), 'references', d."references",
    'cvss2Score', d.cvss2_score, 'cvss3Score', d.cvss3_score, 'cvss3Vector', d.cvss3_vector,
    'cvss4Score', d.cvss4_score, 'cvss4Vector', d.cvss4_vector, 'vprScore', d.vpr_score,
    'epssScore', {EPSS}, 'exploitAvailable', d.exploit_available, 'kev', {KEV},
    'publishedOn', d.published_on, 'patchPublishedOn', d.patch_published_on)::text)"""
_ASSET = f"""(SELECT json_build_object(
    'fqdn', a.fqdn, 'netbios', a.netbios, 'operatingSystem', a.operating_system,
    'criticality', a.criticality, 'exposure', a.exposure, 'tags', {COLUMNS["tags"]})::text
    FROM exposure_asset a WHERE a.id = v.asset_id)"""
_EVIDENCE = f"""(SELECT json_build_object('service', e.service, 'output', left(e.output, {MOST}),
    'observedAt', e.observed_at)::text FROM exposure_evidence e WHERE e.vulnerability_id = v.id)"""
EXPANDED = {"definition": _DEFINITION, "asset": _ASSET, "evidence": _EVIDENCE}
