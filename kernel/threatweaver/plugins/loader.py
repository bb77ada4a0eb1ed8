"""Loading: admitted plugins are imported and asked; refused ones are blocked before import."""

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

from threatweaver import hookspecs, settings
from threatweaver.plugins.admission import Decision
from threatweaver.plugins.manifest import Manifest
from threatweaver.plugins.registry import Contribution


class PluginLoadError(Exception):
    """A licensed plugin does not load."""


def load(decisions: Sequence[Decision], plugin_values: Mapping[str, str]) -> list[Contribution]:
    """Import the admitted plugins and collect what they contribute. Raises PluginLoadError, ConfigError."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for decision in decisions:
        if not decision.admitted:
            manager.set_blocked(decision.manifest.name)
    for decision in decisions:
        if decision.admitted:
            # pluggy's own entry-point loader stops at the first bad plugin without naming it.
            module = _import(decision.manifest)
            manager.register(module, decision.manifest.name)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginLoadError(str(error)) from error
    return [_ask(manager, item.manifest, plugin_values) for item in decisions if item.admitted]


def _import(manifest: Manifest) -> Any:
    try:
        return manifest.entry_point.load()
    except Exception as error:  # whatever a plugin's import raises, start-up must name the plugin
        raise PluginLoadError(f"plugin {manifest.name} does not import: {error!r}") from error


def _ask(manager: pluggy.PluginManager, manifest: Manifest, plugin_values: Mapping[str, str]) -> Contribution:
    """Call the hooks of this one plugin: pluggy's own order is last in, first out."""
    plugin = manager.get_plugin(manifest.name)

    def contributed(hook: str) -> list[Any]:
        caller = manager.subset_hook_caller(hook, [p for p in manager.get_plugins() if p is not plugin])
        return [item for result in caller() for item in result]

    return Contribution(
        manifest=manifest,
        route_tables=contributed("route_tables"),
        model_modules=contributed("model_modules"),
        job_tables=contributed("job_tables"),
        permissions=contributed("permissions"),
        settings=settings.read(manifest.name, contributed("settings"), plugin_values),
        health_checks=contributed("health_checks"),
        file_importers=contributed("file_importers"),
    )
