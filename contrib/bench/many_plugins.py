"""Writes plugins for measurements, each with some routes, as a package that counts as installed."""

from pathlib import Path

_PLUGIN = '''"""Routes to measure with."""

from marshmallow import fields, validate

from threatweaver.sdk import EVERYONE, Permission, RouteTable, Schema, bare, hookimpl

table = RouteTable(path="/{name}", tag="{name}")


class Thing(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True, validate=validate.Length(1, 200))
    kind = fields.String(validate=validate.OneOf(["a", "b"]))
    size = fields.Integer(allow_none=True)
    created_at = fields.AwareDateTime()


class ThingIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 200))
    size = fields.Integer(load_default=0)


def declare(number):
    async def look(ctx):
        """Return a thing."""
        return {{"name": "thing", "id": ctx.params["id"]}}

    look.__name__ = f"look_{{number}}"
    method, path = "PUT" if number % 2 else "GET", f"/parts-{{number}}/{{{{id}}}}"
    options = {{"body": ThingIn}} if number % 2 else {{}}
    table.route(method, path, permission="{name}:thing:read", returns=bare(Thing), **options)(look)


for number in range({routes}):
    declare(number)


@hookimpl
def route_tables():
    return [table]


@hookimpl
def permissions():
    return [Permission("{name}:thing:read", "See things", EVERYONE)]
'''


def write(folder: Path, names: list[str], *, routes: int) -> Path:
    """Write plugins of these names; return the folder for PYTHONPATH."""
    for name in names:
        package = folder / f"tw_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text('"""A plugin to measure with."""\n')
        (package / "manifest.toml").write_text(
            f'module_id = "{name}"\nprefixes = ["/{name}"]\nkernel_api = ">=1.0,<2"\n'
        )
        (package / "plugin.py").write_text(_PLUGIN.format(name=name, routes=routes))
        info = folder / f"tw_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tw-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[threatweaver.plugins]\n{name} = tw_{name}.plugin\n")
    return folder
