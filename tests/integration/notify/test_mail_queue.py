"""Mail from a control transaction to a real SMTP server."""

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from threatweaver.db.transaction import connection
from threatweaver.http.errors import Unprocessable
from threatweaver.jobs import run as runs
from threatweaver.jobs import service as jobs
from threatweaver.jobs.models import Job
from threatweaver.notify import mail
from threatweaver.notify.mail import commands, service
from threatweaver.notify.mail.models import Mail, MailStatus
from threatweaver.testing.plugin import running_worker

RESET = "https://threatweaver.example/reset#token-of-ada"


@pytest.fixture
def posted(alone, mailbox, with_settings):
    """The kernel of this module, with the mail server of this test."""
    return with_settings(alone, smtp_url=f"smtp://127.0.0.1:{mailbox.port}", mail_from="TW <tw@example.com>")


@pytest.fixture
def send(home_tenant):
    async def queued(kernel, to="ada@example.com", subject="Reset", text=RESET, **more):
        async with kernel.database.control():
            return await mail.queue(
                kernel, to=to, subject=subject, text=text, tenant_id=home_tenant.id, **more
            )

    return queued


async def row(kernel, mail_id):
    async with kernel.database.control(read_only=True):
        return await Mail.get(id=mail_id)


async def job_of(kernel, mail_id):
    async with kernel.database.control(read_only=True):
        return await Job.filter(kind=service.SEND, payload__contains={"mail_id": str(mail_id)}).get()


@asynccontextmanager
async def worked(kernel, mail_id):
    """Run a worker and wait for the mail's job to end."""
    async with running_worker(kernel):
        job = await job_of(kernel, mail_id)
        async with asyncio.timeout(30):
            yield await jobs.wait(
                kernel.database, job.id, job.tenant_id, seconds=30, stopping=asyncio.Event()
            )


async def test_a_queued_mail_reaches_the_server_and_its_content_is_gone(posted, mailbox, send):
    mail_id = await send(posted, text=f"Grüße: {RESET}", html="<p>Hello</p>")
    stored = await row(posted, mail_id)
    assert (stored.status, "token-of-ada" in stored.content) == (MailStatus.QUEUED, False)
    async with worked(posted, mail_id) as job:
        assert job["status"] == "completed"
    sender, recipients, message = mailbox.got.pop()
    assert (sender, recipients) == ("tw@example.com", ["ada@example.com"])
    assert message["From"] == "TW <tw@example.com>"
    assert (message["Subject"], message["Auto-Submitted"]) == ("Reset", "auto-generated")
    assert message["Message-ID"] == f"<{mail_id}@example.com>"
    assert message.get_body(("plain",)).get_content().strip() == f"Grüße: {RESET}"
    assert message.get_body(("html",)).get_content().strip() == "<p>Hello</p>"
    sent = await row(posted, mail_id)
    assert (sent.status, sent.content, sent.attempts) == (MailStatus.SENT, "", 1)
    assert sent.sent_at is not None


async def test_a_mail_of_a_transaction_that_fails_is_never_sent(posted, mailbox, home_tenant):
    ids = []

    async def fail():
        async with posted.database.control():
            ids.append(
                await mail.queue(
                    posted, to="ada@example.com", subject="s", text="t", tenant_id=home_tenant.id
                )
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with posted.database.control(read_only=True):
        assert not await Mail.exists(id=ids[0])
        assert not await Job.exists(payload__contains={"mail_id": str(ids[0])})


async def test_a_refusal_that_may_pass_is_tried_again(posted, mailbox, send, monkeypatch):
    delays = []
    postponed = runs.JobPostponed.__init__

    def at_once(self, delay):
        delays.append(delay.total_seconds())
        postponed(self, delay * 0)

    monkeypatch.setattr(runs.JobPostponed, "__init__", at_once)
    mailbox.answers += ["451 greylisted", "421 busy"]
    mail_id = await send(posted)
    async with worked(posted, mail_id) as job:
        assert (job["status"], job["attempts"]) == ("completed", 3)
    assert (delays, len(mailbox.got)) == ([15, 30], 1)
    assert (await row(posted, mail_id)).attempts == 3


async def test_a_refusal_for_good_ends_it_and_tells_no_secret(posted, mailbox, send):
    mailbox.answers.append(f"550 I do not want {RESET}")
    mail_id = await send(posted)
    async with worked(posted, mail_id) as job:
        assert (job["status"], job["attempts"]) == ("failed", 1)
        assert "token-of-ada" not in job["error"]
    failed = await row(posted, mail_id)
    assert failed.status == MailStatus.FAILED
    assert "550" in failed.last_error
    assert "token-of-ada" not in failed.last_error


async def test_without_a_server_the_operator_reads_the_mail_and_sends_it_later(
    alone, posted, mailbox, send, capsys
):
    mail_id = await send(alone)
    assert (await row(alone, mail_id)).status == MailStatus.HELD
    detail, usable = await commands.state(alone)
    assert usable
    assert "TW_SMTP_URL" in detail
    assert "not sent" in detail
    await commands.list_(alone)
    assert f"{mail_id}" in (listed := capsys.readouterr().out)
    assert "token-of-ada" not in listed
    await commands.show(alone, mail_id)
    assert RESET in capsys.readouterr().out
    with pytest.raises(Unprocessable, match="TW_SMTP_URL"):
        await commands.send(alone)
    await commands.send(posted)
    async with worked(posted, mail_id) as job:
        assert job["status"] == "completed"
    with pytest.raises(Unprocessable, match="content was removed"):
        await commands.show(alone, mail_id)


async def test_sending_twice_hands_it_over_once(posted, mailbox, send):
    mail_id = await send(posted)
    await service.send(posted, mail_id)
    await service.send(posted, mail_id)
    assert len(mailbox.got) == 1


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ada",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        "ada@example.com\n",
        "ada@",
        "@example.com",
    ],
)
async def test_what_is_no_single_address_is_refused(alone, send, to):
    with pytest.raises(Unprocessable):
        await send(alone, to=to)


async def test_a_subject_adds_no_header(posted, mailbox, send):
    mail_id = await send(posted, subject="Hi\r\nBcc: eve@example.com\r\n\r\nbody\u2028x")
    await service.send(posted, mail_id)
    _, recipients, message = mailbox.got.pop()
    assert recipients == ["ada@example.com"]
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Hi")


async def test_the_content_opens_for_its_own_mail_only(alone, send):
    first, second = await send(alone, text="one"), await send(alone, text="two")
    async with alone.database.control():
        await connection().execute(
            "UPDATE mail SET content = (SELECT content FROM mail WHERE id = $1) WHERE id = $2", first, second
        )
    with pytest.raises(Unprocessable):
        await commands.show(alone, UUID(str(second)))
