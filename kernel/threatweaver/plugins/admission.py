"""Admission: which installed plugins may run. A pure decision over manifests and the license."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from threatweaver.plugins.manifest import Manifest

KERNEL_API = "1.0"
"""Version of the contract that plugins build on (hookspecs and threatweaver.sdk)."""


class AdmissionError(Exception):
    """A licensed plugin cannot run here; start-up stops, for what was bought must not be silently absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Admitted, or refused with a reason."""

    manifest: Manifest
    admitted: bool
    reason: str


def decide(manifests: Sequence[Manifest], licensed: Callable[[str], bool]) -> list[Decision]:
    """Admit what the license names. Raises AdmissionError when a licensed plugin misfits."""
    names = {item.name for item in manifests if licensed(item.module_id)}
    decisions = []
    for item in manifests:
        if item.name not in names:
            reason = f"module {item.module_id} is not in the license"
            decisions.append(Decision(manifest=item, admitted=False, reason=reason))
            continue
        _check(item, names)
        decisions.append(Decision(manifest=item, admitted=True, reason="licensed"))
    return decisions


def _check(item: Manifest, licensed: set[str]) -> None:
    try:
        fits = SpecifierSet(item.kernel_api).contains(KERNEL_API)
    except InvalidSpecifier:
        raise AdmissionError(
            f"plugin {item.name}: kernel_api {item.kernel_api!r} is no version range"
        ) from None
    if not fits:
        raise AdmissionError(
            f"plugin {item.name} needs kernel API {item.kernel_api}; this kernel has {KERNEL_API}"
        )
    if missing := sorted(set(item.requires) - licensed):
        raise AdmissionError(f"plugin {item.name} requires {', '.join(missing)}: install and license it")
