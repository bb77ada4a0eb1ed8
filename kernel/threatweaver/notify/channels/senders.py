"""Sending one notice to one channel, once."""

import time
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver import outbound
from threatweaver.notify.channels import payloads
from threatweaver.notify.channels.letters import letter
from threatweaver.notify.channels.models import Kind
from threatweaver.notify.channels.notice import Notice
from threatweaver.notify.channels.service import Target
from threatweaver.notify.mail import smtp
from threatweaver.notify.mail.message import compose

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_TIMEOUT = 10.0
_GOOD = range(200, 300)
GONE = 410
_BODIES = {Kind.WEBHOOK: payloads.webhook, Kind.SLACK: payloads.slack, Kind.TEAMS: payloads.teams}


class NotDelivered(Exception):
    """The receiver did not take it; `final` says that another attempt makes no sense."""

    def __init__(self, reason: str, *, code: int | None = None, final: bool = False) -> None:
        self.code = code
        self.final = final
        super().__init__(reason)


async def send(kernel: "Kernel", target: Target, notice: Notice, *, delivery_id: UUID) -> int:
    """Send, outside of any transaction; return the receiver's code. Raises NotDelivered.

    Every attempt of a delivery carries its id, so that the receiver can drop what it has already.
    """
    if target.kind is Kind.EMAIL:
        return await mail(kernel, [notice], to=target.recipients, message_id=str(delivery_id))
    return await _post(kernel, target, notice, f"msg_{delivery_id.hex}")


async def mail(kernel: "Kernel", notices: list[Notice], *, to: list[str], message_id: str) -> int:
    """Mail notices to people; return the server's code. Raises NotDelivered."""
    message = compose(letter(notices), sender=kernel.settings.mail_from, to=to, message_id=message_id)
    try:
        return await smtp.send(kernel.settings, message)
    except smtp.MailNotSent as error:
        raise NotDelivered(str(error), code=error.code, final=not error.temporary) from None


async def _post(kernel: "Kernel", target: Target, notice: Notice, message_id: str) -> int:
    body = _BODIES[target.kind](notice)
    headers = {"Content-Type": "application/json", "User-Agent": "ThreatWeaver"}
    if target.kind is Kind.WEBHOOK:
        timestamp = int(time.time())
        headers |= {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": payloads.signatures(
                target.secrets, message_id=message_id, timestamp=timestamp, body=body
            ),
        }
    try:
        async with outbound.request(
            kernel, "POST", target.url, headers=headers, data=body, timeout=_TIMEOUT
        ) as response:
            code = response.status
    except outbound.OutboundRefused as error:
        raise NotDelivered(error.message, final=True) from None
    except outbound.OutboundFailed as error:
        raise NotDelivered(error.message) from None
    if code not in _GOOD:
        raise NotDelivered(f"The receiver answered {code}.", code=code, final=code == GONE)
    return code
