"""A second module, written where the product finds it, so that a license can let it come and go."""

from pathlib import Path

import written_plugin

MODULE = "toggled"
PATH = "/api/toggled"

_FILES = {
    "__init__.py": '"""A module that comes and goes."""\n',
    "manifest.toml": f'module_id = "{MODULE}"\nprefixes = ["/toggled"]\nkernel_api = ">=1.0,<2"\n',
    "plugin.py": '''"""One route, one permission, one job."""

from datetime import timedelta

from marshmallow import fields

from threatweaver.sdk import EVERYONE, JOB, JobTable, Permission, RouteTable, Schema, bare, hookimpl

table = RouteTable(path="/toggled", tag="Toggled")
jobs = JobTable()


class Answer(Schema):
    here = fields.Boolean(required=True)


@jobs.job("toggled.run", timeout=timedelta(minutes=1))
async def run(_):
    """Run."""
    return {"ran": True}


@table.route("GET", permission="toggled:thing:read", returns=bare(Answer))
async def look(ctx):
    """Say that the module is here."""
    return {"here": True}


@table.route("POST", permission="toggled:thing:read", returns=JOB)
async def start(ctx):
    """Start a job."""
    ctx.submit(run)


@hookimpl
def route_tables():
    return [table]


@hookimpl
def job_tables():
    return [jobs]


@hookimpl
def permissions():
    return [Permission("toggled:thing:read", "See that it is here", EVERYONE)]
''',
}


def write(folder: Path) -> Path:
    """Write the module; return the folder for PYTHONPATH."""
    return written_plugin.write(folder, MODULE, _FILES)
