"""Indexes for text: trigrams and addresses of identifiers, and the words of definitions."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# A cost so high that no plan works these out row by row.
_TRIGRAMS = """CREATE FUNCTION exposure_trigrams(said text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 SET search_path = pg_catalog AS $f$
    SELECT ARRAY(SELECT DISTINCT substr(said, n, 3) FROM generate_series(1, length(said) - 2) n)
$f$"""
# An address may carry a zone (%eth0), which no network has.
_ADDRESS = """CREATE FUNCTION exposure_address(said text) RETURNS inet
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 SET search_path = pg_catalog AS $f$
    SELECT CASE WHEN said ~ '^[0-9a-f.:]+$' THEN said::inet END
$f$"""
# PostgreSQL refuses to tell the words of a megabyte.
_WORDS = """CREATE FUNCTION exposure_words(name text, synopsis text, description text, solution text)
RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 SET search_path = pg_catalog AS $f$
    SELECT to_tsvector('english',
        left(name || ' ' || synopsis || ' ' || description || ' ' || solution, 100000))
$f$"""


class Migration(migrations.Migration):
    dependencies = [("exposure", "0024_written")]

    operations = [
        ops.RunSQL([_TRIGRAMS, _ADDRESS, _WORDS]),
        ops.RunSQL(
            [
                """CREATE INDEX exposure_asset_identifier_trigrams ON exposure_asset_identifier
                   USING gin (exposure_trigrams(lower(value)))""",
                """CREATE INDEX exposure_asset_identifier_address ON exposure_asset_identifier
                   (exposure_address(value)) WHERE kind = 'ip'""",
                # Kept, for a phrase is looked for in the words themselves.
                """ALTER TABLE exposure_definition ADD COLUMN words tsvector
                   GENERATED ALWAYS AS (exposure_words(name, synopsis, description, solution)) STORED""",
                "CREATE INDEX exposure_definition_words ON exposure_definition USING gin (words)",
            ]
        ),
    ]
