"""Indexes for text: trigrams of identifiers, and the words of definitions."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# A cost so high that no plan works trigrams out row by row.
_TRIGRAMS = """CREATE FUNCTION exposure_trigrams(said text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $f$
    SELECT ARRAY(SELECT DISTINCT substr(said, n, 3) FROM generate_series(1, length(said) - 2) n)
$f$"""


class Migration(migrations.Migration):
    dependencies = [("exposure", "0024_written")]

    operations = [
        ops.RunSQL(_TRIGRAMS),
        ops.RunSQL(
            """CREATE INDEX exposure_asset_identifier_trigrams ON exposure_asset_identifier
               USING gin (exposure_trigrams(lower(value)))"""
        ),
        ops.RunSQL(
            """CREATE INDEX exposure_definition_words ON exposure_definition USING gin (to_tsvector('english',
               left(name || ' ' || synopsis || ' ' || description || ' ' || solution, 100000)))"""
        ),
    ]
