"""The manifest: what a plugin says of itself, read from its wheel without importing it."""

import re
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from importlib_metadata import EntryPoint, entry_points

GROUP = "threatweaver.plugins"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_PREFIX = re.compile(r"/[a-z][a-z0-9-]{0,60}")
_KEYS = {"module_id", "prefixes", "kernel_api", "requires", "title"}


class ManifestError(Exception):
    """An installed plugin's manifest is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Name of the plugin, license module, path prefixes below /api, kernel API range, required plugins."""

    name: str
    package: str
    entry_point: EntryPoint
    module_id: str
    title: str
    prefixes: tuple[str, ...]
    kernel_api: str
    requires: tuple[str, ...]
    version: str
    fault: str | None = None  # what is wrong with it: such a plugin is refused


def installed() -> list[Manifest]:
    """Return the manifests of all installed plugins, sorted by name; one that is wrong says its fault."""
    return sorted((_found(point) for point in entry_points(group=GROUP)), key=lambda item: item.name)


def _found(point: EntryPoint) -> Manifest:
    try:
        return read(point)
    except ManifestError as error:
        return Manifest(
            name=point.name,
            package=point.module.split(".", 1)[0],
            entry_point=point,
            module_id=point.name,
            title=point.name,
            prefixes=(),
            kernel_api="",
            requires=(),
            version=point.dist.version if point.dist else "0",
            fault=str(error),
        )


def read(point: EntryPoint) -> Manifest:
    """Read the manifest beside an entry point's package. Raises ManifestError."""
    package = point.module.split(".", 1)[0]
    spec = find_spec(package)  # of the top-level package: locates it, runs nothing
    if spec is None or not spec.submodule_search_locations:
        raise ManifestError(f"package {package} is not there")
    path = Path(next(iter(spec.submodule_search_locations))) / "manifest.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path.name}: {error}") from None
    _check(point.name, data)
    return Manifest(
        name=point.name,
        package=package,
        entry_point=point,
        module_id=data["module_id"],
        title=data.get("title", data["module_id"]),
        prefixes=tuple(data["prefixes"]),
        kernel_api=data["kernel_api"],
        requires=tuple(data.get("requires", ())),
        version=point.dist.version if point.dist else "0",
    )


def _check(name: str, data: dict[str, object]) -> None:
    def wrong(what: str) -> ManifestError:
        return ManifestError(f"manifest.toml: {what}")

    if not _NAME.fullmatch(name):
        raise wrong("the entry point's name must be lower case letters, digits and underscores")
    if unknown := set(data) - _KEYS:
        raise wrong(f"unknown key {', '.join(sorted(unknown))}")
    module_id = data.get("module_id")
    if not isinstance(module_id, str) or not _NAME.fullmatch(module_id):
        raise wrong("module_id is missing or malformed")
    if not isinstance(data.get("kernel_api"), str):
        raise wrong("kernel_api is missing, for instance '>=1.0,<2'")
    prefixes = data.get("prefixes")
    if not isinstance(prefixes, list) or not all(
        isinstance(p, str) and _PREFIX.fullmatch(p) for p in prefixes
    ):
        raise wrong("prefixes must be a list of paths such as '/assets'")
    requires = data.get("requires", [])
    if not isinstance(requires, list) or not all(isinstance(item, str) for item in requires):
        raise wrong("requires must be a list of plugin names")
