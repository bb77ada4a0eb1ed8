"""A module with two tables, whose migration takes its time: for killing what makes them."""

from pathlib import Path

import written_plugin

MODULE = "tabled"
PATH = "/api/tabled"
TABLES = ("tabled_first", "tabled_second")

_FILES = {
    "__init__.py": '"""A module with tables."""\n',
    "manifest.toml": f'module_id = "{MODULE}"\nprefixes = ["/tabled"]\nkernel_api = ">=1.0,<2"\n',
    "models.py": '''"""Two tables."""

from tortoise import fields
from tortoise.models import Model


class First(Model):
    id = fields.IntField(primary_key=True)

    class Meta:
        table = "tabled_first"


class Second(Model):
    id = fields.IntField(primary_key=True)

    class Meta:
        table = "tabled_second"
''',
    "plugin.py": '''"""One route, one permission, two tables."""

from marshmallow import fields

from threatweaver.sdk import EVERYONE, Permission, RouteTable, Schema, bare, connection, hookimpl

table = RouteTable(path="/tabled", tag="Tabled")


class Answer(Schema):
    rows = fields.Integer(required=True)


@table.route("GET", permission="tabled:thing:read", returns=bare(Answer))
async def count(ctx):
    """Count the rows."""
    return {"rows": await connection().fetchval("SELECT count(*) FROM tabled_first, tabled_second")}


@hookimpl
def route_tables():
    return [table]


@hookimpl
def model_modules():
    return ["tw_tabled.models"]


@hookimpl
def permissions():
    return [Permission("tabled:thing:read", "Count things", EVERYONE)]
''',
    "migrations/__init__.py": '"""Migrations."""\n',
    "migrations/0001_initial.py": '''"""One table, a pause, the other."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

ID = [("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True))]


class Migration(migrations.Migration):
    initial = True
    operations = [
        ops.CreateModel(
            name="First", fields=ID, options={"table": "tabled_first", "pk_attr": "id"}, bases=["Model"]
        ),
        ops.RunSQL("SELECT pg_sleep(0.1)"),
        ops.CreateModel(
            name="Second", fields=ID, options={"table": "tabled_second", "pk_attr": "id"}, bases=["Model"]
        ),
    ]
''',
}


def write(folder: Path) -> Path:
    """Write the module; return the folder for PYTHONPATH."""
    return written_plugin.write(folder, MODULE, _FILES)
