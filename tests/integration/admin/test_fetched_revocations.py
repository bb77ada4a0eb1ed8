"""The vendor's list of revoked licenses, fetched by the job: newer ones alone, where an operator said so."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from threatweaver.ids import uuid7
from threatweaver.jobs.run import JobRun, call
from threatweaver.license import store
from threatweaver.license.history import REVOKED
from threatweaver.license.models import LicenseEvent, Revocations
from threatweaver_licensing import Revocation, RevocationList, generate_key, issue_list, public_pem

JOB = "kernel.fetch_revocations"


@dataclass
class Vendor:
    """Serves a list; `asked` are the headers that came with each request."""

    text: str = ""
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request):
        self.asked.append(dict(request.headers))
        return web.Response(text=self.text, status=self.status)


@pytest.fixture
async def vendor():
    made, app = Vendor(), web.Application()
    app.router.add_get("/revocations.jwt", made.answer)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/revocations.jwt"))
        yield made


@pytest.fixture
def signed(tmp_path):
    """A function: a list with this number, signed by the vendor."""
    key = generate_key()
    (tmp_path / "keys.pem").write_text(public_pem(key))

    def sign(seq, *jtis, by=key):
        now = datetime.now(UTC) + timedelta(seconds=seq)
        entries = tuple(Revocation(jti=jti, at=now, reason="unpaid") for jti in jtis)
        return issue_list(RevocationList(seq=seq, issued_at=now, entries=entries), by)

    return sign


@pytest.fixture
async def fetched(alone, with_settings, new_tenant, vendor, signed, tmp_path):
    """A function: run the job, and return the revoked licenses in force and how often a list came."""
    tenant = await new_tenant(alone)
    async with alone.database.control():
        await Revocations.all().delete()
        await LicenseEvent.all().delete()

    async def fetch(**settings):
        asked = {"license_revocations_url": vendor.url, "outbound_allow": "127.0.0.1", **settings}
        kernel = with_settings(alone, license_keys=tmp_path / "keys.pem", **asked)
        run = JobRun(id=uuid7(), tenant_id=tenant.id, schema=tenant.schema, attempt=1, kernel=kernel)
        await call(kernel.registry.jobs[JOB], run, {})
        async with kernel.database.control(read_only=True):
            found = await store.revocations(kernel.settings)
            return set(found.revoked if found else ()), await LicenseEvent.filter(kind=REVOKED).count()

    return fetch


async def test_nobody_is_asked_unless_an_operator_says_so(fetched, vendor):
    assert await fetched(license_revocations_url=None) == (set(), 0)
    assert vendor.asked == []


async def test_a_newer_list_comes_into_force_once(fetched, vendor, signed):
    vendor.text = signed(1, "first") + "\n"
    assert await fetched() == ({"first"}, 1)
    assert await fetched() == ({"first"}, 1)
    vendor.text = signed(2, "first", "second")
    assert await fetched(license_revocations_token="secret") == ({"first", "second"}, 2)
    vendor.text = signed(1, "first")
    assert await fetched() == ({"first", "second"}, 2)
    assert [item.get("Authorization") for item in vendor.asked] == [None, None, "Bearer secret", None]
    assert not {name for item in vendor.asked for name in item if name.lower().startswith("x-")}


@pytest.mark.parametrize("case", ["no list", "another key", "an error", "not allowed", "nobody there"])
async def test_what_goes_wrong_changes_nothing(fetched, vendor, signed, case):
    vendor.text, settings = signed(1, "first"), {}
    match case:
        case "no list":
            vendor.text = "<html>"
        case "another key":
            vendor.text = signed(1, "first", by=generate_key())
        case "an error":
            vendor.status = 500
        case "not allowed":
            settings = {"outbound_allow": ""}
        case _:
            settings = {"license_revocations_url": "http://127.0.0.1:9/revocations.jwt"}
    assert await fetched(**settings) == (set(), 0)
