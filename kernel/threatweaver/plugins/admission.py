"""Admission: which installed plugins may run. A pure decision over manifests and what is known of the place.

Whoever may not run is refused with a reason, and everybody else runs (docs/adr/0024).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from threatweaver.plugins.manifest import Manifest

KERNEL_API = "1.0"
"""Version of the contract that plugins build on (hookspecs and threatweaver.sdk)."""


class Verdict(StrEnum):
    """What became of an installed plugin."""

    ADMITTED = "admitted"
    UNLICENSED = "unlicensed"
    DISABLED = "disabled"  # an operator switched it off
    MISFIT = "misfit"  # what it says of itself does not fit: the kernel, the license, another plugin
    UNMET = "unmet"  # a plugin that it requires is not admitted
    BROKEN = "broken"  # it raised while it was loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Admitted, or refused with a reason."""

    manifest: Manifest
    verdict: Verdict
    reason: str

    @property
    def admitted(self) -> bool:
        """Say whether the plugin runs."""
        return self.verdict is Verdict.ADMITTED

    @property
    def failed(self) -> bool:
        """Say whether somebody has to do something: what was bought and is switched on does not run."""
        return self.verdict in (Verdict.MISFIT, Verdict.UNMET, Verdict.BROKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What is known of the place; each function says what is wrong with a manifest, None if nothing is."""

    licensed: Callable[[str], bool]  # asked for a module id
    disabled: Collection[str] = ()  # module ids
    reserved: Collection[str] = ()  # prefixes of the kernel
    constrained: Callable[[Manifest], str | None] = lambda _: None  # by the license: version, hash
    foreign: Callable[[Manifest], str | None] = lambda _: None  # what it imports of the kernel's inside


def decide(manifests: Sequence[Manifest], grounds: Grounds) -> list[Decision]:
    """Admit what the license names and what fits; refuse the rest, each with its reason."""
    decisions = [_by_license(item, grounds) for item in manifests]
    claims = _claims([item.manifest for item in decisions if item.admitted])  # who is out claims nothing
    return with_requirements(
        [_by_fit(item, grounds, claims) if item.admitted else item for item in decisions]
    )


def refuse(decisions: Sequence[Decision], name: str, verdict: Verdict, reason: str) -> list[Decision]:
    """Refuse one plugin after all, and whatever requires it."""
    return with_requirements(
        [
            replace(item, verdict=verdict, reason=reason) if item.manifest.name == name else item
            for item in decisions
        ]
    )


def with_requirements(decisions: Sequence[Decision]) -> list[Decision]:
    """Refuse what requires a plugin that is not admitted, until nothing does."""
    decided = list(decisions)
    while True:
        admitted = {item.manifest.name for item in decided if item.admitted}
        unmet = [item for item in decided if item.admitted and set(item.manifest.requires) - admitted]
        if not unmet:
            return decided
        for item in unmet:
            missing = ", ".join(sorted(set(item.manifest.requires) - admitted))
            reason = f"it requires {missing}, which does not run: install and license it"
            decided[decided.index(item)] = replace(item, verdict=Verdict.UNMET, reason=reason)


def _by_license(item: Manifest, grounds: Grounds) -> Decision:
    verdict, reason = Verdict.ADMITTED, "licensed"
    if item.fault is not None:
        verdict, reason = Verdict.MISFIT, item.fault
    elif not grounds.licensed(item.module_id):
        verdict, reason = Verdict.UNLICENSED, f"module {item.module_id} is not in the license"
    elif item.module_id in grounds.disabled:
        verdict, reason = Verdict.DISABLED, "an operator switched it off"
    return Decision(manifest=item, verdict=verdict, reason=reason)


def _by_fit(decision: Decision, grounds: Grounds, claims: dict[str, list[str]]) -> Decision:
    wrong = _misfit(decision.manifest, grounds, claims)
    return decision if wrong is None else replace(decision, verdict=Verdict.MISFIT, reason=wrong)


def _misfit(item: Manifest, grounds: Grounds, claims: dict[str, list[str]]) -> str | None:
    for claim in _claims_of(item):
        if others := [name for name in claims[claim] if name != item.name] or claims[claim][1:]:
            # Neither runs: the order of names must not decide who answers for a path.
            return f"{claim} is claimed by {', '.join(others)}, too"
    if taken := sorted(set(grounds.reserved) & set(item.prefixes)):
        return f"prefix {taken[0]} belongs to the kernel"
    return _api_misfit(item) or grounds.constrained(item) or grounds.foreign(item)


def _api_misfit(item: Manifest) -> str | None:
    try:
        fits = SpecifierSet(item.kernel_api).contains(KERNEL_API)
    except InvalidSpecifier:
        return f"kernel_api {item.kernel_api!r} is no version range"
    return None if fits else f"it needs kernel API {item.kernel_api}; this kernel has {KERNEL_API}"


def _claims(manifests: Sequence[Manifest]) -> dict[str, list[str]]:
    """Return each claim and the plugins that make it."""
    found: dict[str, list[str]] = {}
    for item in manifests:
        for claim in _claims_of(item):
            found.setdefault(claim, []).append(item.name)
    return found


def _claims_of(item: Manifest) -> list[str]:
    return [
        f"name {item.name}",
        f"module {item.module_id}",
        *(f"prefix {prefix}" for prefix in item.prefixes),
    ]
