"""What a feature flag is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFlag:
    """A switch `<plugin>.<name>`, its position at first, and what it does in one sentence."""

    name: str
    title: str
    default: bool = True
