"""Somebody of a tenant who calls /api/appsec, and findings as a scan writes them."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from threatweaver import running
from threatweaver_appsec.findings import recording

_numbers = count(1)


@dataclass
class Space:
    kernel: Any
    client: Any
    tenant: Any
    headers: dict
    called: set = field(default_factory=set)
    """(method, path) of each call that was answered well."""

    @classmethod
    async def make(cls, kernel, client, tenant, as_role, role="admin"):
        return cls(kernel, client, tenant, dict(await as_role(role, tenant)))

    async def call(self, method, path, body=None, *, status=None, headers=None):
        sent = {**self.headers, **(headers or {})}
        async with self.client.request(method, f"/api/appsec{path}", json=body, headers=sent) as answer:
            text = await answer.read()
            if status is not None:
                assert answer.status == status, (answer.status, text[:2000])
            if answer.status < 400:
                self.called.add((method, path.partition("?")[0]))
            kind = answer.content_type
            return (await answer.json()) if kind.endswith("json") and text else text

    async def get(self, path):
        found = await self.call("GET", path, status=200)
        return found.get("data", found) if isinstance(found, dict) else found

    async def post(self, path, body=None, *, status=200):
        found = await self.call("POST", path, body, status=status)
        return found.get("data", found) if isinstance(found, dict) else found

    async def put(self, path, body, *, status=200):
        found = await self.call("PUT", path, body, status=status)
        return found.get("data", found)

    async def target(self, **more):
        n = next(_numbers)
        body = {"name": f"Shop {n}", "baseUrl": f"https://shop{n}.example.com"} | more
        return await self.post("/targets", body, status=201)

    async def assessment(self, target, **more):
        return await self.post(
            "/assessments", {"name": "Weekly", "targetId": target["id"], **more}, status=201
        )

    @asynccontextmanager
    async def unit(self):
        """A transaction of the tenant, as a job has one."""
        with running.on(self.kernel):
            async with self.kernel.database.tenant(self.tenant.schema) as unit:
                yield unit
                await unit.conclude()

    async def seen(self, target, assessment, rows):
        """Let an assessment have found this, through the function that its job calls."""
        async with self.unit():
            return await recording.write(
                rows,
                target_id=target["id"],
                assessment_id=assessment["id"] if assessment else None,
                at=datetime.now(UTC),
            )


def finding_row(key="a", **more):
    record = {
        "fingerprint": f"fp-{key}",
        "agent": "sqli.error",
        "title": "SQL injection",
        "severity": "HIGH",
        "cwe": 89,
        "owasp": "A03:2021",
        "description": "The database runs what the caller sends.",
        "remedy": "Bind parameters.",
        "method": "GET",
        "url": f"https://shop.example.com/items/{key}?id=1",
        "template": f"/items/{key}",
        "point": {"where": "query", "name": "id"},
        "key": "",
        "says": "A quote breaks the statement.",
        "excerpt": "syntax error at or near",
        "curl": "curl 'https://shop.example.com/items?id=%27'",
        "har": {"log": {"entries": []}},
        "identity": "",
        "shown": 2,
        "of": 2,
    } | more
    return recording.row_of(record)
