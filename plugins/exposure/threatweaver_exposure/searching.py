"""Looking for text with what PostgreSQL has of its own: no extension is needed.

Identifiers of assets are found by any part of them, through an index of their trigrams; what definitions say
is found by words. The migration 0025 makes these indexes: an expression here must be one of its.
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

# Between two addresses, for the index has them in this order; within, each would be worked out again.
ADDRESSED = """SELECT asset_id FROM exposure_asset_identifier
    WHERE kind = 'ip'
      AND exposure_address(value) BETWEEN {}::text::inet AND host(broadcast({}::text::inet))::inet"""
"""Assets with an address within a network, which is {}."""

NAMED = """SELECT id FROM exposure_definition WHERE name ILIKE {}
    UNION SELECT definition_id FROM exposure_definition_cve WHERE cve ILIKE {}"""
"""Definitions whose name or CVE matches a pattern of SearchText, which is {}."""

# OFFSET keeps it whole: joined to rows, each of them would be looked at.
SAYING = """SELECT id FROM exposure_definition
    WHERE words @@ websearch_to_tsquery('english', {}) OFFSET 0"""
"""Definitions that say the words {}: all of them, `or`, "a phrase", -not."""
