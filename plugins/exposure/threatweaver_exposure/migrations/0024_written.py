"""Every transaction that writes is counted, so that answers can be kept until one did."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# All of the module at this time; a later table has its trigger in the migration that makes it.
TABLES = (
    *("acceptance", "alias", "anomaly", "asset", "asset_group", "asset_group_member", "asset_identifier"),
    *("asset_merge", "asset_merge_item", "asset_rollup", "asset_tag", "before", "cve", "day_asset_rollup"),
    *(
        "day_rollup",
        "definition",
        "definition_before",
        "definition_cve",
        "definition_rollup",
        "epss",
        "event",
    ),
    *("evidence", "export", "export_chunk", "feed", "flaw_apart", "flow_rollup", "identity_recipe", "import"),
    *("intel_snapshot", "kev", "layout", "report_mapping", "risk_aged", "risk_formula", "rollup"),
    *("saved_filter", "score_rollup", "sighting", "sla_policy", "sync_chunk", "sync_config", "sync_refusal"),
    *("sync_run", "tag", "tombstone", "vulnerability", "withdrawn", "withdrawn_asset"),
)
_FUNCTION = """CREATE FUNCTION exposure_written() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $f$
BEGIN
    INSERT INTO exposure_written (id) VALUES (pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $f$"""


class Migration(migrations.Migration):
    dependencies = [("exposure", "0023_first_of_each")]

    operations = [
        ops.CreateModel(
            name="Written",
            fields=[
                ("id", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("total", fields.BigIntField(default=1, db_default=1)),
            ],
            options={"table": "exposure_written", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(_FUNCTION),
        *(
            ops.RunSQL(
                f"""CREATE TRIGGER exposure_written AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
                    ON exposure_{table} FOR EACH STATEMENT EXECUTE FUNCTION exposure_written()"""
            )
            for table in TABLES
        ),
    ]
