"""The license in force, as this process sees it: claims read at start-up, state derived from the clock."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from threatweaver.http.errors import LicenseLocked, LicenseReadOnly
from threatweaver_licensing import Claims, Evaluation, State, evaluate

_RECOVERY = "/settings/license"


@dataclass(slots=True)
class CurrentLicense:
    """Immutable claims and the state they have now; None is UNLICENSED."""

    claims: Claims | None
    _evaluation: Evaluation | None = field(default=None, repr=False)
    _until: float = field(default=0.0, repr=False)

    def evaluation(self) -> Evaluation:
        """Return the state, derived anew at most once a second."""
        now = time.monotonic()
        if self._evaluation is None or now >= self._until:
            self._evaluation = evaluate(self.claims, now=datetime.now(UTC))
            self._until = now + 1.0
        return self._evaluation

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
