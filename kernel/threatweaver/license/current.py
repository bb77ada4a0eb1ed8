"""The license in force, as this process sees it: claims read at start-up, state derived from the clock."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from threatweaver.http.errors import LicenseLocked, LicenseReadOnly
from threatweaver_licensing import Announcement, Claims, Evaluation, State, announce, evaluate

_RECOVERY = "/settings/license"
_NOTHING: Mapping[str, datetime] = {}


@dataclass(slots=True)
class CurrentLicense:
    """Immutable claims and the state they have now; None is UNLICENSED."""

    claims: Claims | None
    revoked: Mapping[str, datetime] = field(default_factory=lambda: _NOTHING)
    fingerprint: str | None = None
    latest: datetime | None = None  # the latest time that was seen, by any process
    _evaluation: Evaluation | None = field(default=None, repr=False)
    _until: float = field(default=0.0, repr=False)
    _behind_since: float | None = field(default=None, repr=False)

    def evaluation(self) -> Evaluation:
        """Return the state, derived anew at most once a second."""
        now = time.monotonic()
        if self._evaluation is None or now >= self._until:
            self._evaluation = self._derive(datetime.now(UTC))
            self._until = now + 1.0
        return self._evaluation

    def _derive(self, now: datetime) -> Evaluation:
        self.latest = max(now, self.latest or now)
        behind_for = timedelta(seconds=time.monotonic() - (self._behind_since or time.monotonic()))
        found = evaluate(
            self.claims,
            now=now,
            revoked=self.revoked,
            fingerprint=self.fingerprint,
            high_water=self.latest,
            behind_for=behind_for,
        )
        if not found.clock_set_back:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = time.monotonic()
        return found

    def announcement(self) -> Announcement | None:
        """Return what is to be said of a change for the worse that is near."""
        return announce(self.evaluation())

    def grants(self, module_id: str) -> bool:
        """Say whether the license names a module."""
        return self.claims is not None and self.claims.grants(module_id)

    @property
    def jti(self) -> str | None:
        """Return the license's id."""
        return self.claims.jti if self.claims else None

    def check(self, *, writes: bool) -> None:
        """Raise LicenseLocked or LicenseReadOnly when the state does not allow a module or kernel route."""
        state = self.evaluation()
        if state.state in (State.ACTIVE, State.UNLICENSED):  # without a license no module is admitted
            return
        members: dict[str, Any] = {
            "state": state.state.value,
            "canRecover": state.can_recover,
            "recoveryUrl": _RECOVERY,
        }
        if not state.reads_allowed:
            raise LicenseLocked(**members)
        if writes and not state.writes_allowed:
            raise LicenseReadOnly(**members)
