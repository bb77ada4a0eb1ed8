"""A scan as it is ordered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from threatweaver_appsec.engine.agent import Agent
from threatweaver_appsec.engine.budget import Entry, Limits
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.catalog import PROFILES, ScanProfile
from threatweaver_appsec.engine.client import Hear
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.ports import Discover, Login, Look
from threatweaver_appsec.engine.scope import Scope
from threatweaver_appsec.engine.wire import Resolve


def _nobody_hears(_: Exchange, __: Entry) -> None:
    """Where the log of requests goes if nowhere else."""


@dataclass(frozen=True)
class Order:
    """A scan as it is ordered: where, as whom, with what, and how much. `base` has no slash at its end."""

    base: str
    scope: Scope
    agents: Sequence[Agent]
    discover: Discover
    look: Look | None = None
    logins: Sequence[Login] = ()
    profile: ScanProfile = PROFILES["full"]
    limits: Limits = field(default_factory=Limits)
    id: str = "scan"
    seed: str = "0"
    callbacks: Callbacks | None = None
    """Open while the scan runs."""
    only: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    log: Hear = _nobody_hears
    """Is given each exchange and its line, the refused ones included."""
    resolve: Resolve | None = None
