"""What a plugin's wheel and sources must be, read without importing them."""

import ast
import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from importlib_metadata import IDistribution, PackageNotFoundError
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from threatweaver.plugins.manifest import GROUP, Manifest

_OURS = re.compile(r"threatweaver(?:_|\.|$)")  # the kernel, and by convention every plugin
_IMPORTERS = frozenset({"import_module", "__import__", "find_spec", "resolve_name"})


def distribution_of(plugin: Manifest) -> IDistribution:
    """Return the installed distribution that declares the plugin. Raises PackageNotFoundError."""
    if plugin.entry_point.dist is None:
        raise PackageNotFoundError(plugin.name)
    return plugin.entry_point.dist


def folder_of(plugin: Manifest) -> Path:
    """Return the folder of the plugin's package."""
    spec = find_spec(plugin.package)
    locations = spec.submodule_search_locations if spec else None
    if not locations:
        raise PackageNotFoundError(plugin.package)
    return Path(next(iter(locations)))


def metadata_faults(found: IDistribution, plugin: Manifest) -> list[str]:
    """Return what is wrong with a distribution's metadata."""
    said, faults = found.metadata, []
    points = [point.name for point in found.entry_points if point.group == GROUP]
    if points != [plugin.name]:
        faults.append(f"one wheel is one plugin; this one declares {points}")
    try:
        Version(found.version)
    except InvalidVersion:
        faults.append(f"{found.version!r} is no version")
    if "threatweaver-kernel" not in {canonicalize_name(item.name) for item in _requirements(found)}:
        faults.append("it does not require threatweaver-kernel")
    if not said.get("Requires-Python"):
        faults.append("it does not say which Python it needs: requires-python")
    if not (said.get("Description") or "").strip():
        faults.append('it has no description: readme = "README.md"')
    if not said.get_all("License-File"):
        faults.append("it ships no license text: license-files")
    return faults


def _requirements(found: IDistribution) -> list[Requirement]:
    return [Requirement(text) for text in found.requires or ()]


def import_faults(folder: Path, plugin: Manifest) -> list[str]:
    """Return every import of what a plugin must not see: there is `threatweaver.sdk`, and for pure code
    `threatweaver.reports`.

    Of a plugin that the manifest requires it may import `.public` and `.events`.
    """
    allowed = [plugin.package, "threatweaver.sdk", "threatweaver.reports"]
    for name in plugin.requires:
        allowed += [f"threatweaver_{name}.public", f"threatweaver_{name}.events"]
    faults = []
    for path in sorted(folder.rglob("*.py")):
        where = path.relative_to(folder.parent)
        faults += [
            f"{where}:{line}: {module}"
            for line, module in imported(path, plugin.package)
            if _OURS.match(module) and not _within(module, allowed)
        ]
    return faults


def _within(module: str, allowed: Sequence[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def imported(path: Path, package: str) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of each module that a file imports by statement, or by a constant name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, item.name) for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package if node.level else node.module or ""  # a relative import stays in the package
            yield from ((node.lineno, f"{base}.{item.name}") for item in node.names)
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, name) for name in _dynamic(node))


def _dynamic(call: ast.Call) -> list[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    texts = [item.value for item in call.args[:1] if isinstance(item, ast.Constant)]
    return [text for text in texts if isinstance(text, str)] if name in _IMPORTERS else []
