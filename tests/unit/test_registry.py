"""The registry: what two plugins both claim, or one may not have, is refused."""

from dataclasses import replace

import pytest
from marshmallow import fields

from threatweaver.auth.roles import EVERYONE, Permission, Role
from threatweaver.dashboard.declaration import DashboardWidget, WidgetKind
from threatweaver.http.route import EMPTY, SIGNED_IN, RouteTable
from threatweaver.jobs.table import JobTable
from threatweaver.plugins import registry
from threatweaver.plugins.admission import Decision, Verdict
from threatweaver.plugins.manifest import Manifest
from threatweaver.plugins.registry import Contribution, RegistryError
from threatweaver.reports import ImportParser

READ = Permission("alpha:thing:read", "See things", EVERYONE)


def manifest(name, *prefixes):
    return Manifest(
        name=name,
        package=f"threatweaver_{name}",
        entry_point=None,
        module_id=f"module_{name}",
        title=name,
        prefixes=prefixes or (f"/{name}",),
        kernel_api=">=1.0",
        requires=(),
        version="1",
    )


def table(path, *declared, permission=SIGNED_IN, **options):
    made = RouteTable(path=path, tag="Things")
    for method, tail, word in declared:

        async def handler(_):
            """Do it."""

        handler.__name__ = word
        made.add(handler, method, tail, permission=permission, returns=EMPTY, **options)
    return made


def plugin(name, *tables, prefixes=(), **parts):
    return Contribution(manifest=manifest(name, *prefixes), route_tables=tables, settings={}, **parts)


def kernel(*tables):
    return Contribution(manifest=None, route_tables=tables, settings={})


def decision(of):
    return Decision(manifest=of, verdict=Verdict.ADMITTED, reason="")


def build(*contributions):
    return registry.build(contributions, [decision(item.manifest) for item in contributions if item.manifest])


def jobs(*names):
    made = JobTable()
    for name in names:

        async def run(_):
            """Run."""

        made.job(name, timeout=None)(run)
    return made


def test_routes_of_a_plugin_belong_to_its_module():
    made = build(
        kernel(table("/health", ("GET", "", "live"))), plugin("alpha", table("/alpha", ("GET", "", "list")))
    )
    assert {route.path: route.module_id for route in made.routes} == {
        "/health": None,
        "/alpha": "module_alpha",
    }


def test_admin_holds_every_permission_and_an_unknown_role_none():
    own = Permission("alpha:thing:write", "Change things", frozenset({Role.MANAGER}))
    made = build(plugin("alpha", permissions=[READ, own]))
    assert made.grants["admin"] == {"alpha:thing:read", "alpha:thing:write"}
    assert made.grants["viewer"] == {"alpha:thing:read"}
    assert made.grants.get("nobody") is None


def test_a_route_outside_of_the_prefixes_is_refused():
    with pytest.raises(RegistryError, match="plugin alpha: /beta is outside"):
        build(plugin("alpha", table("/beta", ("GET", "", "list"))))


def test_a_plugins_route_cannot_do_without_a_license():
    with pytest.raises(RegistryError, match="plugin alpha: /alpha: only kernel routes"):
        build(plugin("alpha", table("/alpha", ("GET", "", "list"), always=True)))


def test_who_claims_what_is_anothers_is_refused_and_the_rest_runs():
    mine = plugin("alpha", table("/alpha", ("GET", "", "list_alphas")))
    second = plugin("beta", table("/beta", ("GET", "", "list_betas")), job_tables=[jobs("alpha.run")])
    late = plugin("gamma", table("/gamma", ("GET", "", "list_gammas")), job_tables=[jobs("alpha.run")])
    needs = replace(manifest("delta", "/delta"), requires=("gamma",))
    last = Contribution(manifest=needs, route_tables=[table("/delta", ("GET", "", "list"))], settings={})
    given = [mine, second, late, last]
    made = registry.build_what_fits(kernel(), given, [decision(item.manifest) for item in given])
    assert {item.manifest.name: item.verdict.value for item in made.decisions} == {
        "alpha": "admitted",
        "beta": "admitted",
        "gamma": "misfit",
        "delta": "unmet",
    }
    assert {route.path for route in made.routes} == {"/alpha", "/beta"}
    assert made.decisions[2].reason == "two jobs are called alpha.run"


@pytest.mark.parametrize("second", ["/{id}", "/{uuid}"])
def test_a_route_is_declared_once_whatever_its_parameter_is_called(second):
    twice = table("/alpha", ("GET", "/{id}", "one"), ("GET", second, "other"))
    with pytest.raises(RegistryError, match="claim the route GET /alpha/"):
        build(plugin("alpha", twice))


def test_a_fixed_path_beside_a_parameter_is_fine():
    both = table("/alpha", ("GET", "/{id}", "one"), ("GET", "/stats", "stats"), ("PUT", "/{id}", "put"))
    assert len(build(plugin("alpha", both)).routes) == 3


def test_operation_names_are_unique():
    alike = table("/alpha", ("GET", "/{id}", "thing"), ("GET", "/{id}/{otherId}", "thing"))
    with pytest.raises(RegistryError, match="claim the operation"):
        build(plugin("alpha", alike))


def test_a_permission_must_be_declared_and_only_once():
    asking = table("/alpha", ("GET", "", "list"), permission="alpha:thing:read")
    with pytest.raises(RegistryError, match="GET /alpha asks for undeclared alpha:thing:read"):
        build(plugin("alpha", asking))
    with pytest.raises(RegistryError, match="claim the permission alpha:thing:read"):
        build(plugin("alpha", asking, permissions=[READ]), plugin("beta", permissions=[READ]))


def test_job_names_are_unique_and_know_their_module():
    made = build(plugin("alpha", job_tables=[jobs("alpha.run")]))
    assert made.job_modules == {"alpha.run": "module_alpha"}
    with pytest.raises(RegistryError, match=r"two jobs are called alpha\.run"):
        build(plugin("alpha", job_tables=[jobs("alpha.run")]), plugin("beta", job_tables=[jobs("alpha.run")]))


def test_commands_are_said_in_the_manifest():
    silent = plugin("alpha", cli_commands=["threatweaver_alpha.commands"])
    with pytest.raises(RegistryError, match="plugin alpha has commands, and its manifest does not say"):
        build(silent)
    telling = replace(silent, manifest=replace(silent.manifest, commands="Count things."))
    assert build(telling).cli_commands == {"alpha": ("threatweaver_alpha.commands",)}


@pytest.mark.parametrize(
    ("name", "permission", "message"),
    [
        ("beta.count", "alpha:thing:read", r"the widget beta\.count must be named after alpha"),
        (
            "alpha.count",
            "alpha:thing:write",
            r"the widget alpha\.count asks for undeclared alpha:thing:write",
        ),
    ],
)
def test_widgets_out_of_bounds(name, permission, message):
    shown = DashboardWidget(
        name=name, title="Things", kind=WidgetKind.NUMBER, permission=permission, produce=repr
    )
    with pytest.raises(RegistryError, match=message):
        build(plugin("alpha", permissions=[READ], widgets=[shown]))


def test_widgets_know_their_module():
    shown = DashboardWidget(
        name="alpha.count", title="Things", kind=WidgetKind.NUMBER, permission=READ.name, produce=repr
    )
    made = build(plugin("alpha", permissions=[READ], widgets=[shown]))
    assert (made.widgets, made.widget_modules) == ((shown,), {"alpha.count": "module_alpha"})
    with pytest.raises(RegistryError, match=r"claim the widget alpha\.count"):
        build(plugin("alpha", permissions=[READ], widgets=[shown, shown]))


def test_formats_of_reports_are_told_by_their_names():
    formats = [ImportParser(name="csv", title="CSV", detects=lambda *_: 0, parse=iter)]
    assert [item.name for item in build(plugin("alpha", import_parsers=formats)).import_parsers] == ["csv"]
    with pytest.raises(RegistryError, match="claim the format of reports csv"):
        build(plugin("alpha", import_parsers=formats), plugin("beta", import_parsers=formats))


@pytest.mark.parametrize("name", ["", "CSV", "a b", "-a", "x" * 33])
def test_a_format_has_a_name_for_ever(name):
    with pytest.raises(ValueError, match="is no name of a format"):
        ImportParser(name=name, title="CSV", detects=lambda *_: 0, parse=iter)


def test_tables_need_migrations():
    with pytest.raises(RegistryError, match=r"plugin json has tables and no json\.migrations"):
        registry._app(
            Contribution(
                manifest=Manifest(**{**_parts(manifest("json")), "package": "json"}),
                model_modules=["json.models"],
                settings={},
            )
        )


def _parts(item):
    return {name: getattr(item, name) for name in item.__slots__}


def test_parameters_have_kinds():
    made = table("/alpha", ("GET", "/{name}", "named"), params={"name": fields.String()})
    assert list(made.routes[0].params) == ["name"]
