"""The manifest: what a plugin says of itself, read from its wheel without importing it."""

import re
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeGuard

from importlib_metadata import EntryPoint, entry_points

GROUP = "threatweaver.plugins"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_PREFIX = re.compile(r"/[a-z][a-z0-9-]{0,60}")
_TEXTS = {
    "kernel_api": "kernel_api is missing, for instance '>=1.0,<2'",
    "title": "title must be a text",
    "commands": "commands must be a sentence that says what they do",
}
_KEYS = {"module_id", "prefixes", "kernel_api", "requires", "title", "commands"}


class ManifestError(Exception):
    """An installed plugin's manifest is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Name of the plugin, license module, path prefixes below /api, kernel API range, required plugins.

    `commands` says in a sentence what `threatweaver <name>` does; None: it has no commands.
    """

    name: str
    package: str
    entry_point: EntryPoint
    module_id: str
    title: str
    prefixes: tuple[str, ...]
    kernel_api: str
    requires: tuple[str, ...]
    version: str
    commands: str | None = None
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
        commands=data.get("commands"),
    )


def _check(name: str, data: dict[str, object]) -> None:
    if not _NAME.fullmatch(name):
        raise _wrong("the entry point's name must be lower case letters, digits and underscores")
    if unknown := set(data) - _KEYS:
        raise _wrong(f"unknown key {', '.join(sorted(unknown))}")
    module_id = data.get("module_id")
    if not isinstance(module_id, str) or not _NAME.fullmatch(module_id):
        raise _wrong("module_id is missing or malformed")
    for key, otherwise in (("kernel_api", None), ("title", ""), ("commands", "")):
        if not isinstance(data.get(key, otherwise), str):
            raise _wrong(_TEXTS[key])
    prefixes, requires = data.get("prefixes"), data.get("requires", [])
    if not _are_texts(prefixes) or not all(map(_PREFIX.fullmatch, prefixes)):
        raise _wrong("prefixes must be a list of paths such as '/assets'")
    if not _are_texts(requires):
        raise _wrong("requires must be a list of plugin names")


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _wrong(what: str) -> ManifestError:
    return ManifestError(f"manifest.toml: {what}")
