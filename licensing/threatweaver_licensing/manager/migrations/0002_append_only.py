"""What was written down stays: the database refuses to change or delete it."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

TABLES = ("audit_line", "license", "list_issue", "revoked")

SQLITE = """
CREATE TRIGGER {table}_{verb}_refused BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""
POSTGRES = """
CREATE TRIGGER {table}_refused BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION append_only();
"""
POSTGRES_FUNCTION = """
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
"""


async def refuse(_: object, editor: BaseSchemaEditor) -> None:
    if editor.client.capabilities.dialect == "sqlite":
        statements = [
            SQLITE.format(table=table, verb=verb) for table in TABLES for verb in ("UPDATE", "DELETE")
        ]
    else:
        statements = [POSTGRES_FUNCTION, *(POSTGRES.format(table=table) for table in TABLES)]
    for statement in statements:
        await editor.client.execute_script(statement)


class Migration(migrations.Migration):
    dependencies = [("manager", "0001_initial")]

    operations = [ops.RunPython(refuse)]
