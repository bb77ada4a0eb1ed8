"""Loading: admitted plugins are imported and asked; refused ones never are."""

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

from threatweaver import hookspecs, log, settings
from threatweaver.access.scopes import GrantScope
from threatweaver.admin.flags.declaration import FeatureFlag
from threatweaver.admin.retention.declaration import DataClass
from threatweaver.auth.roles import Permission
from threatweaver.dashboard.declaration import DashboardWidget
from threatweaver.events.table import SubscriberTable
from threatweaver.health import HealthCheck
from threatweaver.http.route import RouteTable
from threatweaver.jobs.importer import FileImporter
from threatweaver.jobs.table import JobTable
from threatweaver.notify.events.catalog import NotificationEvent
from threatweaver.plugins.admission import Decision, Verdict, refuse
from threatweaver.plugins.contribution import Contribution
from threatweaver.plugins.manifest import Manifest
from threatweaver.reports import ImportParser

_log = log.get(__name__)
_KINDS: dict[str, type] = {
    "route_tables": RouteTable,
    "model_modules": str,
    "job_tables": JobTable,
    "event_types": type,
    "event_subscribers": SubscriberTable,
    "permissions": Permission,
    "feature_flags": FeatureFlag,
    "data_classes": DataClass,
    "settings": settings.Setting,
    "health_checks": HealthCheck,
    "file_importers": FileImporter,
    "import_parsers": ImportParser,
    "notification_events": NotificationEvent,
    "cli_commands": str,
    "dashboard_widgets": DashboardWidget,
    "grant_scopes": GrantScope,
}


class PluginLoadError(Exception):
    """A plugin does not load."""


def load(
    decisions: Sequence[Decision], plugin_values: Mapping[str, str]
) -> tuple[list[Contribution], list[Decision]]:
    """Import the admitted plugins and collect what they contribute; refuse those that do not load.

    Raises ConfigError when a setting of a plugin is wrong.
    """
    names = [decision.manifest.name for decision in decisions]
    found, decided = {}, list(decisions)
    for manifest in (decision.manifest for decision in decisions if decision.admitted):
        own = settings.owned(manifest.name, names, plugin_values)
        try:
            found[manifest.name] = _load(manifest, own)
        except PluginLoadError as error:
            _log.error("plugin_refused", plugin=manifest.name, exc_info=error)
            decided = refuse(decided, manifest.name, Verdict.BROKEN, str(error))
    return [found[item.manifest.name] for item in decided if item.admitted], decided


def _load(manifest: Manifest, own: Mapping[str, str]) -> Contribution:
    """Import one plugin and call its hooks. Raises PluginLoadError, ConfigError."""
    # A manager for each: one plugin's mistakes are its own. A refused one is never named to any of them.
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        # pluggy's own entry-point loader would stop at a bad plugin without naming it.
        plugin = manifest.entry_point.load()
    except (Exception, SystemExit) as error:  # whatever a plugin raises, it must not end the product
        raise PluginLoadError(f"it does not import: {error!r}") from error
    try:
        manager.register(plugin, manifest.name)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginLoadError(f"it does not register: {error}") from error
    return _ask(manager, manifest, own)


def _ask(manager: pluggy.PluginManager, manifest: Manifest, own: Mapping[str, str]) -> Contribution:
    def contributed(hook: str) -> list[Any]:
        try:
            items = [item for result in getattr(manager.hook, hook)() for item in result]
        except Exception as error:  # see above
            raise PluginLoadError(f"its hook {hook} failed: {error!r}") from error
        for item in items:
            if not isinstance(item, _KINDS[hook]):
                raise PluginLoadError(f"its hook {hook} returned {item!r}, no {_KINDS[hook].__name__}")
        return items

    return Contribution(
        manifest=manifest,
        route_tables=contributed("route_tables"),
        model_modules=contributed("model_modules"),
        job_tables=contributed("job_tables"),
        event_types=contributed("event_types"),
        event_subscribers=contributed("event_subscribers"),
        permissions=contributed("permissions"),
        flags=contributed("feature_flags"),
        data_classes=contributed("data_classes"),
        settings=settings.read(manifest.name, contributed("settings"), own),
        health_checks=contributed("health_checks"),
        file_importers=contributed("file_importers"),
        import_parsers=contributed("import_parsers"),
        notification_events=contributed("notification_events"),
        cli_commands=contributed("cli_commands"),
        widgets=contributed("dashboard_widgets"),
        grant_scopes=contributed("grant_scopes"),
    )
