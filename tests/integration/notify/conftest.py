"""A real SMTP server and real receivers of webhooks on loopback, and a tenant that notifies."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiosmtpd.smtp import SMTP, AuthResult

from threatweaver import app as application
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.notify.channels import service as channels
from threatweaver.notify.deliveries import service
from threatweaver.notify.deliveries.models import Delivery
from threatweaver.notify.events.models import Event
from threatweaver.notify.events.service import raise_event
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.identities import headers_for


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


@dataclass
class Receiver:
    """What was posted here, as (headers, body), and how it answers: `answers` are used up first.

    An answer is a status, or an async function from a request to a response.
    """

    url: str = ""
    got: list = field(default_factory=list)
    answers: list = field(default_factory=list)

    async def handle(self, request):
        self.got.append((request.headers, await request.read()))
        answer = self.answers.pop(0) if self.answers else 200
        return web.Response(status=answer) if isinstance(answer, int) else await answer(request)


@pytest_asyncio.fixture(loop_scope="session")
async def receiver():
    """A receiver of webhooks that takes everything."""
    made, app = Receiver(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/hook?token=secret-in-url"))
        yield made


@pytest.fixture
def wired(alone, mailbox, with_settings):
    """The module's kernel, which may reach loopback and has a mail server."""
    return with_settings(
        alone,
        outbound_allow="127.0.0.0/8",
        smtp_url=f"smtp://127.0.0.1:{mailbox.port}",
        mail_from="TW <tw@example.com>",
        public="https://tw.example",
    )


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(wired, home_tenant):
    """The module's tenant, without people, channels and events of the tests before."""
    async with wired.database.control() as unit:
        await unit.connection.execute("DELETE FROM membership WHERE tenant_id = $1", home_tenant.id)
    async with wired.database.tenant(home_tenant.schema) as unit:
        for name in ("event", "delivery", "channel", "preference", "schedule"):
            await unit.connection.execute(f"DELETE FROM notification_{name}")
    return home_tenant


@pytest_asyncio.fixture(loop_scope="session")
async def api(wired):
    """A client of the application with these settings."""
    async with TestClient(TestServer(application.build(wired))) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def admin(wired, tenant):
    return await headers_for(wired, role="admin", tenant=tenant)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A tenant, what happens in it, and who is told."""

    kernel: Kernel
    tenant: Tenant
    receiver: Receiver
    mailbox: Mailbox

    async def add_channel(self, **values):
        """Add a channel, a webhook to the receiver by default; return it and its signing secret."""
        async with self.kernel.database.tenant(self.tenant.schema):
            values = {"name": uuid7().hex, "kind": "webhook", **values}
            if values["kind"] != "email":
                values = {"url": self.receiver.url, **values}
            return await channels.create(self.kernel, values)

    async def happen(self, name="kernel.user_locked", *, at=None, title="Ada was locked out", **more):
        """Raise an event, as if at that time."""
        async with self.kernel.database.tenant(self.tenant.schema):
            await self.raise_here(name, title=title, **more)
            if at is not None:
                newest = await Event.all().order_by("-id").first()
                await Event.filter(id=newest.id).update(occurred_at=at)

    async def raise_here(self, name="kernel.user_locked", *, title="Ada was locked out", **more):
        """Raise an event in the current transaction."""
        await raise_event(self.kernel, name, title=title, **more)

    async def plan(self):
        """Plan what was raised."""
        await service.plan_pending(self.kernel, self.tenant)

    async def deliver(self, *, stopping=None):
        """Plan what was raised and send what is due; return how many messages were tried."""
        await self.plan()
        stop = stopping or asyncio.Event()
        return await service.deliver_due(self.kernel, self.tenant, seconds=30, stopping=stop)

    async def log(self, **filters):
        """Return the tenant's deliveries, oldest first."""
        async with self.kernel.database.tenant(self.tenant.schema, read_only=True):
            return await Delivery.filter(**filters).order_by("created_at", "id")

    async def only(self, **filters):
        """Return the one delivery there is."""
        (row,) = await self.log(**filters)
        return row

    async def make_due(self):
        """Let the time come for whatever is queued."""
        async with self.kernel.database.tenant(self.tenant.schema):
            await Delivery.filter(status="queued").update(due_at=datetime.now(UTC))

    async def sql(self, statement, *values):
        """Run a statement as the tenant; return its rows."""
        async with self.kernel.database.tenant(self.tenant.schema) as unit:
            return await unit.connection.fetch(statement, *values)


@pytest.fixture
def scene(wired, tenant, receiver, mailbox):
    return Scene(kernel=wired, tenant=tenant, receiver=receiver, mailbox=mailbox)
