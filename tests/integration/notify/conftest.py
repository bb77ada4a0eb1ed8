"""A real SMTP server on loopback."""

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes, policy

import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult


@dataclass
class Mailbox:
    """What the server took, and how it answers: `answers` are used up first."""

    port: int = 0
    got: list = field(default_factory=list)
    answers: list = field(default_factory=list)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.got.append((envelope.mail_from, envelope.rcpt_tos, message))
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"ada", b"p@ss word")
    return AuthResult(success=good, handled=good)  # not handled: the server says 535 itself


@pytest_asyncio.fixture(loop_scope="session")
async def serve_mail():
    """A function: start an SMTP server, over TLS with `ssl`; all are stopped at the end."""
    loop, started = asyncio.get_running_loop(), []

    async def start(*, ssl=None, **options):
        mailbox = Mailbox()
        server = await loop.create_server(
            lambda: SMTP(mailbox, loop=loop, **options), host="127.0.0.1", port=0, ssl=ssl
        )
        started.append(server)
        mailbox.port = server.sockets[0].getsockname()[1]
        return mailbox

    yield start
    for server in started:
        server.close()


@pytest_asyncio.fixture(loop_scope="session")
async def mailbox(serve_mail):
    """A server that takes everything."""
    return await serve_mail()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home_tenant(alone, new_tenant):
    return await new_tenant(alone)
