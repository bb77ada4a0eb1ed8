"""The kernel's parts, as one value that a request, a job and a command share."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from threatweaver.auth.identify import Identifier
from threatweaver.auth.keys import Keys
from threatweaver.auth.refusals import Refusals
from threatweaver.auth.service import Signer
from threatweaver.config import Settings
from threatweaver.db.signals import Signals
from threatweaver.db.transaction import Database
from threatweaver.http.answers import Answers
from threatweaver.http.cors import Origins
from threatweaver.http.proxies import Proxies
from threatweaver.license.current import CurrentLicense
from threatweaver.plugins.registry import Registry
from threatweaver.ratelimits.limiter import RateLimiter
from threatweaver.secrets.box import SecretBox
from threatweaver.tenancy.standing import Standings


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Kernel:
    """Built once for each application; a license change builds a new one."""

    settings: Settings
    keys: Keys
    secrets: SecretBox
    database: Database
    signals: Signals
    registry: Registry
    license: CurrentLicense
    identifier: Identifier
    refusals: Refusals
    standings: Standings
    proxies: Proxies
    origins: Origins
    limiter: RateLimiter
    answers: Answers
    stopping: asyncio.Event

    def signer(self) -> Signer:
        """Return what signs the tokens of sessions."""
        return Signer(self)


KERNEL = web.AppKey("kernel", Kernel)
