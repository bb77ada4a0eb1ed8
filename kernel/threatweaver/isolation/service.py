"""Running the probe on an installation: two tenants come, are probed, and go; a signed report stays."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson
from aiohttp import ClientSession, DummyCookieJar, web

from threatweaver import __version__
from threatweaver.db.transaction import Database
from threatweaver.ids import uuid7
from threatweaver.isolation.models import IsolationReport
from threatweaver.isolation.outcome import Outcome
from threatweaver.isolation.probe import Probe
from threatweaver.kernel import Kernel
from threatweaver.ratelimits.limiter import RateLimiter
from threatweaver.secrets import signing
from threatweaver.tenancy import drop, provision
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.contract import known
from threatweaver.testing.contract.answers import PatientApi
from threatweaver.testing.contract.person import Person
from threatweaver.testing.identities import headers_for

SAMPLES = 15  # calls of each kind that a ratio of times rests on


async def examine(kernel: Kernel, url: str) -> IsolationReport:
    """Probe the installation at `url` with two tenants of its own; store and return the report."""
    started = datetime.now(UTC)
    async with _tenants(kernel) as tenants, _client(url) as client:
        api = PatientApi(client, kernel.registry.routes)
        ours, theirs = [await _person(kernel, api, tenant) for tenant in tenants]
        outcome = await Probe(ours, theirs, samples=SAMPLES, spare=known.INSTALLATION).run()
    return await _store(kernel, outcome, started, url)


def _client(url: str) -> ClientSession:
    return ClientSession(base_url=url, cookie_jar=DummyCookieJar())


async def _person(kernel: Kernel, api: PatientApi, tenant: Tenant) -> Person:
    async def newcomer() -> dict[str, str]:
        return await headers_for(kernel, role="admin", tenant=tenant, password=False)

    return Person(api, await newcomer(), known.EXAMPLES, newcomer)


@asynccontextmanager
async def serving(kernel: Kernel, build: Callable[[Kernel], web.Application]) -> AsyncIterator[str]:
    """Serve the installation on a loopback port of its own, without rate limits, for as long as it lasts."""
    settings = replace(kernel.settings, rate_limit=0)
    open_kernel = replace(kernel, settings=settings, limiter=RateLimiter(settings, kernel.database))
    runner = web.AppRunner(build(open_kernel), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _tenants(kernel: Kernel) -> AsyncIterator[list[Tenant]]:
    made = []
    try:
        for _ in range(2):
            slug = f"probe-{uuid7().hex[-12:]}"
            apps = kernel.registry.apps
            made.append(await provision.create(kernel.database, slug=slug, name=slug, apps=apps))
        yield made
    finally:
        await remove(kernel.database, made)


async def remove(database: Database, tenants: list[Tenant]) -> None:
    """Remove tenants and the people who are in no other one, with every row about them but audit lines."""
    for tenant in tenants:
        await drop.drop(database, tenant)


async def _store(kernel: Kernel, outcome: Outcome, started: datetime, url: str) -> IsolationReport:
    report_id = uuid7()
    content = orjson.dumps(
        {
            "id": report_id,
            "version": __version__,
            "startedAt": started,
            "finishedAt": datetime.now(UTC),
            "url": url,
            "passed": not outcome.leaks,
            **asdict(outcome),
        },
        option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2,
    )
    return await store(kernel, report_id, outcome, content)


async def store(kernel: Kernel, report_id: UUID, outcome: Outcome, content: bytes) -> IsolationReport:
    """Sign the content, keep it in the control schema and as a file below the home folder."""
    seed = kernel.keys.signing
    async with kernel.database.control():
        row = await IsolationReport.create(
            id=report_id,
            version=__version__,
            passed=not outcome.leaks,
            leaks=len(outcome.leaks),
            calls=outcome.calls,
            content=content.decode(),
            signature=signing.sign(seed, content),
            public_key=signing.public_key(seed),
        )
    path = file_of(kernel.settings.home, report_id)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    path.write_bytes(content)
    path.with_suffix(".sig").write_text(f"{row.signature} {row.public_key}\n", encoding="ascii")
    return row


def file_of(home: Path, report_id: UUID) -> Path:
    """Return where a report lies; beside it, `.sig` holds signature and public key in base64."""
    return home / "reports" / f"isolation-{report_id}.json"
