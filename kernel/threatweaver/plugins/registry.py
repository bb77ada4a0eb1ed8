"""The registry: everything the admitted plugins contribute, collected once and frozen."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec

from tortoise.models import Model

from threatweaver import log
from threatweaver.access.scopes import GrantScope
from threatweaver.admin.flags.declaration import FeatureFlag
from threatweaver.admin.retention.declaration import DataClass
from threatweaver.auth.roles import Permission, grants
from threatweaver.db import migrate
from threatweaver.db.orm import KERNEL_APPS, TENANT, ModelApp
from threatweaver.health import HealthCheck
from threatweaver.http.route import Access, Route, RouteTable
from threatweaver.jobs.importer import FileImporter
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.table import Job, JobTable
from threatweaver.notify.events.catalog import NotificationEvent
from threatweaver.plugins.admission import Decision, Verdict, refuse
from threatweaver.plugins.manifest import Manifest

_log = log.get(__name__)
_PARAMETER = re.compile(r"\{[^/]*\}")


class RegistryError(Exception):
    """Two contributions claim the same thing, or one is out of its bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one plugin, or the kernel itself (manifest None), contributes."""

    manifest: Manifest | None
    route_tables: Sequence[RouteTable] = ()
    model_modules: Sequence[str] = ()
    job_tables: Sequence[JobTable] = ()
    permissions: Sequence[Permission] = ()
    flags: Sequence[FeatureFlag] = ()
    data_classes: Sequence[DataClass] = ()
    settings: Mapping[str, int | str]
    health_checks: Sequence[HealthCheck] = ()
    file_importers: Sequence[FileImporter] = ()
    notification_events: Sequence[NotificationEvent] = ()
    grant_scopes: Sequence[GrantScope] = ()


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
    permissions: tuple[Permission, ...]
    flags: Mapping[str, FeatureFlag]
    data_classes: Mapping[str, DataClass]
    grants: Mapping[str, frozenset[str]]
    settings: Mapping[str, Mapping[str, int | str]]
    health_checks: tuple[HealthCheck, ...]
    file_importers: tuple[FileImporter, ...]
    notification_events: Mapping[str, NotificationEvent]
    grant_scopes: tuple[GrantScope, ...]


def build_what_fits(
    kernel: Contribution, contributions: Sequence[Contribution], decisions: Sequence[Decision]
) -> Registry:
    """Collect the kernel and what fits to it; a plugin that claims what is another's is refused."""
    try:
        return build([kernel, *contributions], decisions)
    except RegistryError:
        pass  # somebody does not fit: find out who, one after the other
    kept, decided = [kernel], list(decisions)
    for item in contributions:
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


def build(contributions: Sequence[Contribution], decisions: Sequence[Decision]) -> Registry:
    """Collect and check. Raises RegistryError."""
    jobs: dict[str, Job] = {}
    job_modules: dict[str, str | None] = {}
    for item in contributions:
        for job in (job for table in item.job_tables for job in table.jobs):
            if job.name in jobs:
                raise RegistryError(f"two jobs are called {job.name}")
            jobs[job.name] = job
            job_modules[job.name] = item.manifest.module_id if item.manifest else None
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
        permissions=permissions,
        flags=_flags(contributions),
        data_classes=_data_classes(contributions),
        grants=grants(permissions),
        settings={item.manifest.name: item.settings for item in contributions if item.manifest},
        health_checks=tuple(check for item in contributions for check in item.health_checks),
        file_importers=tuple(entry for item in contributions for entry in item.file_importers),
        notification_events=_events(contributions, names),
        grant_scopes=scopes,
    )


def prefixes(contribution: Contribution) -> set[str]:
    """Return the first parts of a contribution's paths."""
    return {f"/{table.path.split('/')[1]}" for table in contribution.route_tables}


def _flags(contributions: Sequence[Contribution]) -> dict[str, FeatureFlag]:
    for item in contributions:
        owner = item.manifest.name if item.manifest else "kernel"
        for flag in item.flags:
            if flag.name.split(".")[0] != owner:
                raise RegistryError(f"the feature flag {flag.name} must be named after {owner}")
    flags = [flag for item in contributions for flag in item.flags]
    _refuse_twice("feature flag", [flag.name for flag in flags])
    return {flag.name: flag for flag in flags}


def _data_classes(contributions: Sequence[Contribution]) -> dict[str, DataClass]:
    for item in contributions:
        owner = item.manifest.name if item.manifest else "kernel"
        for kind in item.data_classes:
            if kind.name.split(".")[0] != owner or (kind.shared and item.manifest):
                raise RegistryError(f"the class of data {kind.name} is not one of {owner}")
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


def _events(contributions: Sequence[Contribution], permissions: set[str]) -> dict[str, NotificationEvent]:
    """Return name → event; each begins with its plugin's name and asks for a declared permission."""
    events: dict[str, NotificationEvent] = {}
    for item in contributions:
        owner = item.manifest.name if item.manifest else "kernel"
        for event in item.notification_events:
            if not event.name.startswith(f"{owner}.") or event.name in events:
                raise RegistryError(f"{owner}: {event.name} is no event name of its own, or given twice")
            if event.permission is not None and event.permission not in permissions:
                raise RegistryError(f"event {event.name} asks for undeclared {event.permission}")
            events[event.name] = event
    return events


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
    tables = [model.describe() for model in models if model is not Model and not model._meta.abstract]  # noqa: SLF001
    return tuple(sorted({str(table["table"]) for table in tables}))


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise RegistryError(f"two contributions claim the {what} {name}")
        seen.add(name)
