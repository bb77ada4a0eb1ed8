"""Loading: admitted plugins are imported and asked; refused ones are blocked before import."""

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

from threatweaver import hookspecs, settings
from threatweaver.access.scopes import GrantScope
from threatweaver.admin.flags.declaration import FeatureFlag
from threatweaver.admin.retention.declaration import DataClass
from threatweaver.auth.roles import Permission
from threatweaver.health import HealthCheck
from threatweaver.http.route import RouteTable
from threatweaver.jobs.importer import FileImporter
from threatweaver.jobs.table import JobTable
from threatweaver.notify.events.catalog import NotificationEvent
from threatweaver.plugins.admission import Decision
from threatweaver.plugins.manifest import Manifest
from threatweaver.plugins.registry import Contribution

_KINDS: dict[str, type] = {
    "route_tables": RouteTable,
    "model_modules": str,
    "job_tables": JobTable,
    "permissions": Permission,
    "feature_flags": FeatureFlag,
    "data_classes": DataClass,
    "settings": settings.Setting,
    "health_checks": HealthCheck,
    "file_importers": FileImporter,
    "notification_events": NotificationEvent,
    "grant_scopes": GrantScope,
}


class PluginLoadError(Exception):
    """A licensed plugin does not load."""


def load(decisions: Sequence[Decision], plugin_values: Mapping[str, str]) -> list[Contribution]:
    """Import the admitted plugins and collect what they contribute. Raises PluginLoadError, ConfigError."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for decision in decisions:
        if not decision.admitted:
            manager.set_blocked(decision.manifest.name)
    names = [decision.manifest.name for decision in decisions]
    for decision in decisions:
        if decision.admitted:
            # pluggy's own entry-point loader stops at the first bad plugin without naming it.
            _register(manager, decision.manifest)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginLoadError(str(error)) from error
    return [
        _ask(manager, item.manifest, settings.owned(item.manifest.name, names, plugin_values))
        for item in decisions
        if item.admitted
    ]


def _register(manager: pluggy.PluginManager, manifest: Manifest) -> None:
    try:
        module = manifest.entry_point.load()
    except Exception as error:  # whatever a plugin's import raises, start-up must name the plugin
        raise PluginLoadError(f"plugin {manifest.name} does not import: {error!r}") from error
    try:
        manager.register(module, manifest.name)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginLoadError(f"plugin {manifest.name} does not register: {error}") from error


def _ask(manager: pluggy.PluginManager, manifest: Manifest, own: Mapping[str, str]) -> Contribution:
    """Call the hooks of this one plugin: pluggy's own order is last in, first out."""
    plugin = manager.get_plugin(manifest.name)

    def contributed(hook: str) -> list[Any]:
        caller = manager.subset_hook_caller(hook, [p for p in manager.get_plugins() if p is not plugin])
        try:
            items = [item for result in caller() for item in result]
        except Exception as error:
            raise PluginLoadError(f"plugin {manifest.name}: hook {hook} failed: {error!r}") from error
        for item in items:
            if not isinstance(item, _KINDS[hook]):
                raise PluginLoadError(
                    f"plugin {manifest.name}: hook {hook} returned {item!r}, no {_KINDS[hook].__name__}"
                )
        return items

    return Contribution(
        manifest=manifest,
        route_tables=contributed("route_tables"),
        model_modules=contributed("model_modules"),
        job_tables=contributed("job_tables"),
        permissions=contributed("permissions"),
        flags=contributed("feature_flags"),
        data_classes=contributed("data_classes"),
        settings=settings.read(manifest.name, contributed("settings"), own),
        health_checks=contributed("health_checks"),
        file_importers=contributed("file_importers"),
        notification_events=contributed("notification_events"),
        grant_scopes=contributed("grant_scopes"),
    )
