"""Keeps the identities of a scan signed in, and says so when that cannot be done."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.health import SILENT
from threatweaver_appsec.engine.ports import Login
from threatweaver_appsec.engine.site import Named

PAUSES = (1.0, 2.0, 4.0)  # seconds until the next try where nobody answers
CHECK_SECONDS = 8.0
CHECK_REQUESTS = 200
MOST_LOGINS = 20  # of a scan's beginning; a target that ends each session at once is not tested
LEAST_REQUESTS = (
    100  # between two logins from then on: tokens of a minute are renewed as long as a scan lasts
)


@dataclass
class Sessions:
    """The logins of a scan, and when they were last seen to stand."""

    client: Client
    logins: Sequence[Login]
    _checked: float = 0.0
    _requests: int = 0
    _count: int = 0

    async def begin(self) -> str | None:
        """Sign everybody in; return why that failed, None where it did not."""
        for login in self.logins:
            if reason := await self._sign_in(login):
                return reason
        self._note()
        return None

    @property
    def due(self) -> bool:
        """Whether it is time to look."""
        late = time.monotonic() - self._checked > CHECK_SECONDS
        return bool(self.logins) and (late or self.client.spent.requests - self._requests > CHECK_REQUESTS)

    async def lost(self) -> bool:
        """Return whether a session had ended; it stands again then. Raises `SessionLost` where it cannot."""
        ended = [login for login in self.logins if not await login.alive(Named(self.client, "session"))]
        for login in ended:
            self._count += 1
            often = self._count > MOST_LOGINS + self.client.spent.requests // LEAST_REQUESTS
            reason = "it ends again and again" if often else await self._sign_in_patiently(login)
            if reason:
                raise SessionLost(f"the session of {login.name} was lost: {reason}")
        self._note()
        return bool(ended)

    async def _sign_in_patiently(self, login: Login) -> str | None:
        """Sign in, again where nobody answers: an application that an attack ended may be on its way back."""
        reason = await self._sign_in(login)
        for seconds in PAUSES:
            if not reason or self.client.last_fault not in SILENT:
                break
            await asyncio.sleep(seconds)
            reason = await self._sign_in(login)
        return reason

    async def _sign_in(self, login: Login) -> str | None:
        self.client.forget(login.name)
        came = await login.sign_in(Named(self.client, "login"))
        if not came.ok:
            return f"login of {login.name} failed: {came.reason or 'no reason given'}"
        self.client.enter(login.name, came.session)
        return None

    def _note(self) -> None:
        self._checked, self._requests = time.monotonic(), self.client.spent.requests


class SessionLost(Exception):
    """An identity cannot be signed in again."""
