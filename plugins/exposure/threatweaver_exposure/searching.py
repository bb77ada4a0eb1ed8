"""Looking for text with what PostgreSQL has of its own: no extension is needed.

Identifiers of assets are found by any part of them, through an index of their trigrams; what definitions say
is found by words. The migration 0025 makes both indexes: an expression here must be one of its.
"""

# What stands between the % of a pattern, without its escapes.
_PLAIN = r"regexp_replace(substr({}, 2, length({}) - 2), '\\(.)', '\1', 'g')"
# Fewer than three characters have no trigram, and occur nearly everywhere.
IDENTIFIED = f"""SELECT asset_id FROM exposure_asset_identifier
    WHERE length({_PLAIN}) >= 3 AND lower(value) LIKE lower({{}})
      AND exposure_trigrams(lower(value)) @> exposure_trigrams(lower({_PLAIN}))
    UNION ALL SELECT asset_id FROM exposure_asset_identifier
    WHERE length({_PLAIN}) < 3 AND lower(value) LIKE lower({{}})"""
"""Assets with an identifier that matches a pattern of SearchText, which is {}."""

NAMED = """SELECT id FROM exposure_definition WHERE name ILIKE {}
    UNION SELECT definition_id FROM exposure_definition_cve WHERE cve ILIKE {}"""
"""Definitions whose name or CVE matches a pattern of SearchText, which is {}."""

_LONGEST = 100_000  # characters; PostgreSQL refuses to tell the words of a megabyte
WORDS = f"""to_tsvector('english', left(name || ' ' || synopsis || ' ' || description || ' ' || solution,
    {_LONGEST}))"""
# OFFSET keeps it whole: joined to rows, the words would be told anew for each of them.
SAYING = f"""SELECT id FROM exposure_definition
    WHERE {WORDS} @@ websearch_to_tsquery('english', {{}}) OFFSET 0"""
"""Definitions that say the words {}: all of them, `or`, "a phrase", -not."""
