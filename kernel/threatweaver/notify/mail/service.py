"""Queueing mail, and sending what is queued; at least once, in the face of a dying worker."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from threatweaver.ids import uuid7
from threatweaver.jobs import store
from threatweaver.jobs.lanes import Lane
from threatweaver.notify.mail import smtp
from threatweaver.notify.mail.message import Letter, address, compose, line
from threatweaver.notify.mail.models import Mail, MailStatus

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

SEND = "kernel.send_mail"
UNSENT = (MailStatus.QUEUED, MailStatus.HELD, MailStatus.FAILED)


def _purpose(mail_id: UUID) -> str:
    return f"mail:{mail_id}"


async def queue(
    kernel: "Kernel", *, to: str, subject: str, text: str, tenant_id: UUID, html: str | None = None
) -> UUID:
    """Store a mail, sealed, and have it sent once the current control transaction is committed.

    Without a mail server it is held, and `threatweaver mail show` prints it. Raises Unprocessable when `to`
    is no address.
    """
    letter, mail_id = Letter(subject=line(subject), text=text, html=html), uuid7()
    status = MailStatus.QUEUED if kernel.settings.smtp_url else MailStatus.HELD
    await Mail.create(
        id=mail_id,
        tenant_id=tenant_id,
        recipient=address(to),
        content=kernel.secrets.seal(orjson.dumps(asdict(letter)).decode(), purpose=_purpose(mail_id)),
        status=status,
    )
    if status is MailStatus.QUEUED:
        await _enqueue(mail_id, tenant_id)
    return mail_id


async def _enqueue(mail_id: UUID, tenant_id: UUID) -> None:
    await store.enqueue(
        uuid7(),
        tenant_id=tenant_id,
        user_id=None,
        module_id=None,
        kind=SEND,
        payload={"mail_id": mail_id},
        lane=Lane.OUTWARD,
    )


def read(kernel: "Kernel", mail: Mail) -> Letter:
    """Return what an unsent mail says. Raises SecretUnreadable."""
    return Letter(**orjson.loads(kernel.secrets.open(mail.content, purpose=_purpose(mail.id))))


async def send(kernel: "Kernel", mail_id: UUID) -> None:
    """Send one mail, outside of any transaction, unless it is sent already. Raises MailNotSent."""
    async with kernel.database.control():
        mail = await Mail.filter(id=mail_id, status__in=UNSENT).first()
        if mail is None:
            return
        await Mail.filter(id=mail_id).update(attempts=mail.attempts + 1)
    message = compose(
        read(kernel, mail), sender=kernel.settings.mail_from, to=[mail.recipient], message_id=str(mail.id)
    )
    await smtp.send(kernel.settings, message)
    async with kernel.database.control():
        await Mail.filter(id=mail_id).update(
            status=MailStatus.SENT, content="", last_error="", sent_at=datetime.now(UTC)
        )


async def note_failure(kernel: "Kernel", mail_id: UUID, error: smtp.MailNotSent, *, final: bool) -> None:
    """Write down why a mail was not sent, and whether that was the last attempt."""
    status = MailStatus.FAILED if final else MailStatus.QUEUED
    async with kernel.database.control():
        await Mail.filter(id=mail_id, status__in=UNSENT).update(status=status, last_error=str(error)[:300])


async def release(kernel: "Kernel") -> int:
    """Queue every held and failed mail again, for instance once a server is configured; return how many."""
    async with kernel.database.control():
        waiting = await Mail.filter(status__in=(MailStatus.HELD, MailStatus.FAILED)).order_by("created_at")
        await Mail.filter(id__in=[mail.id for mail in waiting]).update(status=MailStatus.QUEUED)
        for mail in waiting:
            await _enqueue(mail.id, mail.tenant_id)
    return len(waiting)
