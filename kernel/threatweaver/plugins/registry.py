"""The registry: everything the admitted plugins contribute, collected once and frozen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec

from tortoise.models import Model

from threatweaver import log
from threatweaver.access.scopes import GrantScope
from threatweaver.admin.flags.declaration import FeatureFlag
from threatweaver.admin.retention.declaration import DataClass
from threatweaver.auth.roles import Permission, grants
from threatweaver.dashboard.declaration import DashboardWidget
from threatweaver.db import migrate
from threatweaver.db.orm import KERNEL_APPS, TENANT, ModelApp
from threatweaver.events.table import Subscriber
from threatweaver.health import HealthCheck
from threatweaver.http.route import Access, Route
from threatweaver.jobs.importer import FileImporter
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.table import Job
from threatweaver.notify.events.catalog import NotificationEvent
from threatweaver.plugins import events
from threatweaver.plugins.admission import Decision, Verdict, refuse
from threatweaver.plugins.contribution import Contribution, RegistryError
from threatweaver.reports import ImportParser

_log = log.get(__name__)
_PARAMETER = re.compile(r"\{[^/]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Frozen for the life of an application."""

    decisions: tuple[Decision, ...]
    reserved: frozenset[str]  # prefixes of the kernel
    routes: tuple[Route, ...]
    apps: tuple[ModelApp, ...]
    versions: Mapping[str, str]  # of the tables in a tenant, for each app
    tables: Mapping[str, tuple[str, ...]]  # their names
    module_tables: Mapping[str, tuple[str, str]]  # module id → its app and version, where it has tables
    jobs: Mapping[str, Job]
    job_modules: Mapping[str, str | None]
    lanes: Mapping[str, Lane]  # of each kind of job
    event_types: Mapping[type, str]
    subscribers: Mapping[type, tuple[Subscriber, ...]]
    permissions: tuple[Permission, ...]
    flags: Mapping[str, FeatureFlag]
    data_classes: Mapping[str, DataClass]
    grants: Mapping[str, frozenset[str]]
    settings: Mapping[str, Mapping[str, int | str]]
    health_checks: tuple[HealthCheck, ...]
    file_importers: tuple[FileImporter, ...]
    import_parsers: tuple[ImportParser, ...]
    notification_events: Mapping[str, NotificationEvent]
    cli_commands: Mapping[str, tuple[str, ...]]  # plugin → modules
    cli_modules: Mapping[str, str]  # plugin → its module of the license
    widgets: tuple[DashboardWidget, ...]
    widget_modules: Mapping[str, str | None]
    grant_scopes: tuple[GrantScope, ...]

    def tables_for(self, kind: str) -> tuple[str, str] | None:
        """Return the app and its version whose tables a tenant needs for this kind of job, if any."""
        return self.module_tables.get(self.job_modules.get(kind) or "")


def build_what_fits(
    kernel: Contribution, contributions: Sequence[Contribution], decisions: Sequence[Decision]
) -> Registry:
    """Collect the kernel and what fits to it; a plugin that claims what is another's is refused."""
    try:
        return build([kernel, *contributions], decisions)
    except RegistryError:
        pass  # somebody does not fit: find out who, one after the other
    kept, decided = [kernel], list(decisions)
    for item in _required_first(contributions):
        try:
            build([*kept, item], decided)
        except RegistryError as error:
            name = item.manifest.name if item.manifest else ""
            _log.error("plugin_refused", plugin=name, exc_info=error)
            decided = refuse(decided, name, Verdict.MISFIT, str(error))
        else:
            kept.append(item)
    admitted = {item.manifest.name for item in decided if item.admitted}
    return build([item for item in kept if item.manifest is None or item.manifest.name in admitted], decided)


def _commands(contributions: Sequence[Contribution]) -> dict[str, tuple[str, ...]]:
    for item in contributions:
        if item.cli_commands and not (item.manifest and item.manifest.commands):
            raise RegistryError(
                f"plugin {item.owner} has commands, and its manifest does not say what they do"
            )
    return {item.owner: tuple(item.cli_commands) for item in contributions}


def _widgets(contributions: Sequence[Contribution], permissions: set[str]) -> tuple[DashboardWidget, ...]:
    for item in contributions:
        for widget in item.widgets:
            if not widget.name.startswith(f"{item.owner}."):
                raise RegistryError(f"the widget {widget.name} must be named after {item.owner}")
            if widget.permission not in permissions:
                raise RegistryError(f"the widget {widget.name} asks for undeclared {widget.permission}")
    widgets = tuple(widget for item in contributions for widget in item.widgets)
    _refuse_twice("widget", [widget.name for widget in widgets])
    return widgets


def _required_first(contributions: Sequence[Contribution]) -> list[Contribution]:
    """Return what a plugin requires before it, for its subscribers take events of those."""
    waiting, ordered = list(contributions), list[Contribution]()
    while waiting:
        left = {item.owner for item in waiting}
        ready = [item for item in waiting if not item.manifest or not left & set(item.manifest.requires)]
        ordered += ready or waiting  # those that require each other stay as they are
        waiting = [item for item in waiting if item not in ordered]
    return ordered


def build(contributions: Sequence[Contribution], decisions: Sequence[Decision]) -> Registry:
    """Collect and check. Raises RegistryError."""
    jobs: dict[str, Job] = {}
    job_modules: dict[str, str | None] = {}
    for item in contributions:
        for job in _jobs(item):
            if job.name in jobs:
                raise RegistryError(f"two jobs are called {job.name}")
            jobs[job.name] = job
            job_modules[job.name] = item.manifest.module_id if item.manifest else None
    event_types = events.types_of(contributions)
    permissions = tuple(entry for item in contributions for entry in item.permissions)
    _refuse_twice("permission", [entry.name for entry in permissions])
    routes = tuple(route for item in contributions for route in _routes(item))
    _refuse_twice("route", [f"{route.method} {_PARAMETER.sub('{}', route.path)}" for route in routes])
    _refuse_twice("operation", [route.name for route in routes])
    names = {entry.name for entry in permissions}
    for route in routes:
        if not isinstance(route.permission, Access) and route.permission not in names:
            raise RegistryError(f"{route.method} {route.path} asks for undeclared {route.permission}")
    scopes = tuple(entry for item in contributions for entry in item.grant_scopes)
    _refuse_twice("grant scope", ["tenant", *(entry.name for entry in scopes)])
    apps = (*KERNEL_APPS, *(_app(item) for item in contributions if item.model_modules))
    widgets = _widgets(contributions, names)
    parsers = tuple(entry for item in contributions for entry in item.import_parsers)
    _refuse_twice("format of reports", [entry.name for entry in parsers])
    return Registry(
        decisions=tuple(decisions),
        reserved=frozenset(
            prefix for item in contributions if not item.manifest for prefix in prefixes(item)
        ),
        routes=routes,
        apps=apps,
        versions={app.label: migrate.version(app) for app in apps if app.schema == TENANT},
        tables={app.label: _tables(app) for app in apps},
        module_tables={
            item.manifest.module_id: (item.manifest.name, migrate.version(_app(item)))
            for item in contributions
            if item.manifest and item.model_modules
        },
        jobs=jobs,
        job_modules=job_modules,
        lanes={name: job.lane for name, job in jobs.items()},
        event_types=event_types,
        subscribers=events.subscribers_of(contributions, event_types),
        permissions=permissions,
        flags=_flags(contributions),
        data_classes=_data_classes(contributions),
        grants=grants(permissions),
        settings={item.manifest.name: item.settings for item in contributions if item.manifest},
        health_checks=tuple(check for item in contributions for check in item.health_checks),
        file_importers=tuple(entry for item in contributions for entry in item.file_importers),
        import_parsers=parsers,
        notification_events=_notification_events(contributions, names),
        cli_commands=_commands(contributions),
        cli_modules={item.manifest.name: item.manifest.module_id for item in contributions if item.manifest},
        widgets=widgets,
        widget_modules={
            widget.name: item.manifest.module_id if item.manifest else None
            for item in contributions
            for widget in item.widgets
        },
        grant_scopes=scopes,
    )


def prefixes(contribution: Contribution) -> set[str]:
    """Return the first parts of a contribution's paths."""
    return {f"/{table.path.split('/')[1]}" for table in contribution.route_tables}


def _jobs(item: Contribution) -> Iterator[Job]:
    """Yield the plugin's jobs; taking an event is one, too."""
    for jobs in item.job_tables:
        yield from jobs.jobs
    for subscribers in item.event_subscribers:
        yield from (entry.job for entry in subscribers.subscribers)


def _flags(contributions: Sequence[Contribution]) -> dict[str, FeatureFlag]:
    for item in contributions:
        for flag in item.flags:
            if flag.name.split(".")[0] != item.owner:
                raise RegistryError(f"the feature flag {flag.name} must be named after {item.owner}")
    flags = [flag for item in contributions for flag in item.flags]
    _refuse_twice("feature flag", [flag.name for flag in flags])
    return {flag.name: flag for flag in flags}


def _data_classes(contributions: Sequence[Contribution]) -> dict[str, DataClass]:
    for item in contributions:
        for kind in item.data_classes:
            if kind.name.split(".")[0] != item.owner or (kind.shared and item.manifest):
                raise RegistryError(f"the class of data {kind.name} is not one of {item.owner}")
    classes = [kind for item in contributions for kind in item.data_classes]
    _refuse_twice("class of data", [kind.name for kind in classes])
    return {kind.name: kind for kind in classes}


def _routes(item: Contribution) -> list[Route]:
    routes = [route for table in item.route_tables for route in table.routes]
    if item.manifest is None:
        return [replace(route, always=True) for route in routes]  # the kernel is free, and never licensed
    name = item.manifest.name
    for route in routes:
        if "/" + route.path.split("/")[1] not in item.manifest.prefixes:
            raise RegistryError(f"plugin {name}: {route.path} is outside of its manifest's prefixes")
        if route.always:
            raise RegistryError(f"plugin {name}: {route.path}: only kernel routes answer without a license")
    return [replace(route, module_id=item.manifest.module_id) for route in routes]


def _notification_events(
    contributions: Sequence[Contribution], permissions: set[str]
) -> dict[str, NotificationEvent]:
    """Return name → event; each begins with its plugin's name and asks for a declared permission."""
    found: dict[str, NotificationEvent] = {}
    for item in contributions:
        for event in item.notification_events:
            if not event.name.startswith(f"{item.owner}.") or event.name in found:
                raise RegistryError(f"{item.owner}: {event.name} is no event name of its own, or given twice")
            if event.permission is not None and event.permission not in permissions:
                raise RegistryError(f"event {event.name} asks for undeclared {event.permission}")
            found[event.name] = event
    return found


def _app(item: Contribution) -> ModelApp:
    if item.manifest is None:
        raise RegistryError("the kernel's tables are listed in db/orm.py")
    if find_spec(f"{item.manifest.package}.migrations") is None:
        raise RegistryError(
            f"plugin {item.manifest.name} has tables and no {item.manifest.package}.migrations"
        )
    return ModelApp(
        label=item.manifest.name,
        models=tuple(item.model_modules),
        migrations=f"{item.manifest.package}.migrations",
    )


def _tables(app: ModelApp) -> tuple[str, ...]:
    found = [item for name in app.models for item in vars(import_module(name)).values()]
    models = [item for item in found if isinstance(item, type) and issubclass(item, Model)]
    kept = [model._meta for model in models if model is not Model and not model._meta.abstract]  # noqa: SLF001
    return tuple(sorted({str(meta.db_table) for meta in kept}))


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise RegistryError(f"two contributions claim the {what} {name}")
        seen.add(name)
