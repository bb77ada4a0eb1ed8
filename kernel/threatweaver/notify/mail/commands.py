"""What the operator sees of the outbox."""

import sys
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.http.errors import NotFound, Unprocessable
from threatweaver.notify.mail import service, smtp
from threatweaver.notify.mail.models import Mail, MailStatus
from threatweaver.secrets.box import SecretUnreadable

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_NEWEST = 50


async def list_(kernel: "Kernel") -> None:
    """Print a line for each of the newest mails."""
    async with kernel.database.control(read_only=True):
        mails = await Mail.all().order_by("-created_at").limit(_NEWEST)
    for mail in mails:
        made = f"{mail.created_at:%Y-%m-%d %H:%M}"
        _say(f"{mail.id}  {made}  {mail.status:6}  {mail.recipient}  {mail.last_error}")


async def show(kernel: "Kernel", mail_id: UUID) -> None:
    """Print one mail. Raises NotFound, and Unprocessable when its content is gone."""
    async with kernel.database.control(read_only=True):
        mail = await Mail.get_or_none(id=mail_id)
    if mail is None:
        raise NotFound("There is no such mail.")
    try:
        letter = service.read(kernel, mail)
    except SecretUnreadable:
        raise Unprocessable(
            "It is sent and its content was removed, or the secret key has changed."
        ) from None
    _say(f"To: {mail.recipient}\nSubject: {letter.subject}\n\n{letter.text}")


async def send(kernel: "Kernel") -> None:
    """Queue what was held or failed. Raises Unprocessable without a mail server."""
    if kernel.settings.smtp_url is None:
        raise Unprocessable("No mail server is configured: set TW_SMTP_URL.")
    _say(f"{await service.release(kernel)} mails are queued")


async def state(kernel: "Kernel") -> tuple[str, bool]:
    """Return what `doctor` says about mail, and whether it is good; no server at all is a choice."""
    async with kernel.database.control(read_only=True):
        held = await Mail.filter(status__in=(MailStatus.HELD, MailStatus.FAILED)).count()
    waiting = f"; {held} mails were not sent: threatweaver mail list" if held else ""
    if kernel.settings.smtp_url is None:
        return f"no server configured (TW_SMTP_URL): mail is held{waiting}", True
    try:
        return f"{await smtp.check(kernel.settings)}{waiting}", True
    except smtp.MailNotSent as error:
        return f"{error}{waiting}", False


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
