"""Measures reading at volume: `SCALE=5m` fills 200 tenants with five million findings, most in one of them.

Then it asks the large tenant and one of 50,000 findings, in turns, for the first page of every filter with
every order that the lists document, and for every figure of the dashboard with every filter that it has.
"""

import asyncio
import http.client
import itertools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import growth
import importing
from figures import Figure
from generate_nessus import generate
from product import Product

SMALL = 50_000
_TENANTS = 200
_OTHERS = 1_000  # findings of each of the other tenants
_PART = 250_000  # findings of a report
_PER_HOST = 50
_TIMES = 10
_LIST, _DASHBOARD = 150.0, 50.0  # ms, by the issue
_SHOWN = 10
_NO_FIGURE = ("/layout", "/widgets/", "-policy")
_MORE = {("/api/dashboard/group-comparison", "assetGroup"): {"by": "tag"}}  # groups are what it compares else


@dataclass(slots=True)
class _Question:
    """A path, the seconds of each answer by tenant, and of the first, before anything is kept."""

    path: str
    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)
    first: float = 0.0

    @property
    def ratio(self) -> float:
        return statistics.median(self.large) / statistics.median(self.small)


_Asked = tuple[_Question, str, str]
"""A question, and its path for the small and for the large tenant, whose ids differ."""
_Pair = tuple[str, str]


def fill(product: Product, folder: Path, findings: int) -> list[Figure]:
    """Import until there are so many findings in all."""
    small, report = product.sign_in(), folder / "report.nessus"
    generate(report, findings=SMALL, hosts=SMALL // _PER_HOST, seed=7)
    importing.grow(product, report, small, findings=SMALL)
    others = _TENANTS - 2 if findings >= 1_000_000 else 0
    generate(report, findings=_OTHERS, hosts=_OTHERS // _PER_HOST, seed=7)
    for number in range(others):
        token = product.add_tenant(f"other-{number}")
        importing.grow(product, report, token, findings=_OTHERS)
    left, first, rates = findings - SMALL - others * _OTHERS, 0, []
    large = product.add_tenant(growth.LARGE.partition("@")[0])
    while left > 0:
        part = min(_PART, left)
        hosts = max(1, part // _PER_HOST)
        generate(report, findings=part, hosts=hosts, seed=7, first=first)
        rate = importing.grow(product, report, large, findings=part).value
        if part == _PART or not rates:  # of a small rest fixed costs are most
            rates.append(rate)
        first, left = first + hosts, left - part
    report.unlink()
    _group(product, small)
    _group(product, large)
    million = asyncio.run(_size(product)) / findings * 1e6
    return [
        Figure(name=f"imports of {_PART:,}, the first", value=rates[0], unit="findings/s"),
        Figure(name=f"imports of {_PART:,}, the last", value=rates[-1], unit="findings/s"),
        Figure(
            name="database, for a million findings",
            value=million / 1e9,
            unit="GB",
            digits=2,
            goal=4.0,
            best="low",
            beside=f"{_TENANTS if others else 2} tenants, {findings / _PER_HOST:,.0f} assets",
        ),
        *importing.peaks(product),
    ]


def compare(product: Product, small: str, large: str) -> list[Figure]:
    """Ask every question of both tenants."""
    figures = []
    for name, goal, questions in (
        ("first page", _LIST, list(_lists(product, small, large))),
        ("dashboard figure", _DASHBOARD, list(_dashboards(product, small, large))),
    ):
        for question in questions:
            _ask(product, question, small, large)
        figures += _judged(name, goal, [question for question, _, _ in questions])
    return figures


def _ask(product: Product, asked: _Asked, small: str, large: str) -> None:
    question, *paths = asked
    link = http.client.HTTPConnection(*product.address, timeout=60)
    try:
        for number in range(_TIMES + 1):
            for path, token, taken in zip(
                paths, (small, large), (question.small, question.large), strict=True
            ):
                began = time.perf_counter()
                link.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                answer = link.getresponse()
                text = answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{path} answered {answer.status}: {text[:300]!r}")
                if number:
                    taken.append(time.perf_counter() - began)
                else:
                    question.first = time.perf_counter() - began  # in the end that of the large tenant
    finally:
        link.close()


def _judged(name: str, goal: float, questions: Sequence[_Question]) -> list[Figure]:
    """p95 of each question at the large tenant, worst first, and what it costs beside the small one."""
    worst = sorted(questions, key=lambda question: -_p95(question.large))
    dearest = max(questions, key=lambda question: question.ratio)
    cheap, dear = (statistics.median(seconds) * 1e3 for seconds in (dearest.small, dearest.large))
    total = sum(statistics.median(question.large) for question in questions)
    first = max(questions, key=lambda question: question.first)
    return [
        Figure(
            name=f"slowest {name} of {len(questions)}, p95" if not number else "  then",
            value=_p95(question.large) * 1e3,
            unit="ms",
            digits=1,
            goal=goal,
            best="low",
            beside=f"{question.path} ({_p95(question.small) * 1e3:,.1f} ms at {SMALL:,})",
        )
        for number, question in enumerate(worst[:_SHOWN])
    ] + [
        Figure(
            name=f"{name}: who asks first after a change waits at most",
            value=first.first * 1e3,
            unit="ms",
            digits=1,
            beside=f"{first.path}; {_over(questions, goal)} of {len(questions)} take longer than {goal:g} ms",
        ),
        Figure(
            name=f"{name}: all of them, large over small",
            value=total / sum(statistics.median(question.small) for question in questions),
            unit="x",
            digits=2,
            goal=2.0,
            best="low",
            beside=f"worst {dearest.ratio:.2f} x: {dearest.path} ({cheap:.1f} and {dear:.1f} ms)",
        ),
    ]


def _over(questions: Sequence[_Question], goal: float) -> int:
    return sum(question.first * 1e3 > goal for question in questions)


def _p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[round(0.95 * (len(seconds) - 1))]


def _lists(product: Product, small: str, large: str) -> Iterator[_Asked]:
    for name in ("vulnerabilities", "assets"):
        path = f"/api/{name}"
        fields = product.call(f"{path}/fields", token=small)["data"]
        known = [_known(product, token, path) for token in (small, large)]
        orders = [order for item in fields["sort"] for order in (item["ascending"], item["descending"])]
        filters = [_values(item, known) for item in fields["filters"]]
        for values, order in itertools.product([(("", ""), ("", "")), *itertools.chain(*filters)], orders):
            yield _question(path, values, {"sort": order, "limit": "50"})


def _dashboards(product: Product, small: str, large: str) -> Iterator[_Asked]:
    known = [_known(product, token, "/api/vulnerabilities") for token in (small, large)]
    document = product.call("/api-docs/swagger.json", token=small)
    for path, operations in document["paths"].items():
        if (
            not path.startswith("/api/dashboard/")
            or any(part in path for part in _NO_FIGURE)
            or "get" not in operations
        ):
            continue
        yield _question(path, (("", ""), ("", "")), {})
        for parameter in operations["get"]["parameters"]:
            if parameter["in"] == "query" and parameter["name"] in {
                "severity",
                "tag",
                "assetGroup",
                "startDate",
                "asOf",
            }:
                said = {"name": parameter["name"], "example": "CRITICAL", "values": None, "type": "text"}
                for values in _values(said, known):
                    yield _question(path, values, _MORE.get((path, parameter["name"]), {}))


def _question(path: str, values: tuple[_Pair, _Pair], more: dict[str, str]) -> _Asked:
    paths = [
        f"{path}?{urlencode({**({name: value} if name else {}), **more}, quote_via=quote)}".rstrip("?")
        for name, value in values
    ]
    return _Question(paths[1]), paths[0], paths[1]


def _values(item: dict[str, Any], known: Sequence[dict[str, str]]) -> list[tuple[_Pair, _Pair]]:
    """What to ask of a filter: each value of an enumeration, else what occurs, else the example."""
    name = item["name"]
    if item["values"] and name not in {"exposure", "criticality"}:
        return [((name, value), (name, value)) for value in item["values"]]
    small, large = ((name, of.get(name, str(item["example"]))) for of in known)
    return [(small, large)]


def _known(product: Product, token: str, path: str) -> dict[str, str]:
    """Values that occur: of the first row, of the tag and of the group that were made."""
    row = product.call(f"{path}?limit=1", token=token)["data"][0]
    group = product.call("/api/asset-groups", token=token)["data"][0]
    found = {
        "tag": "bench",
        "assetGroup": group["id"],
        "search": str(row["name"]).split()[0].split(".")[0],
        "text": "remote -windows",
        "riskFrom": "50",
        "riskTo": "50",
        "startDate": time.strftime("%Y-%m-%d", time.gmtime(time.time() - 30 * 86_400)),
        "endDate": time.strftime("%Y-%m-%d", time.gmtime()),
        "asOf": time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400)),
        "severity": "CRITICAL",
        "exposure": "internet",
        "criticality": "5",
    }
    if "assetId" in row:
        found |= {
            "assetId": row["assetId"],
            "cve": (row["cves"] or ["CVE-2024-0001"])[0],
            "pluginId": str(row["pluginId"]),
        }
    return found


def _group(product: Product, token: str) -> None:
    """Tag and group some assets by hand."""
    rows = product.call("/api/assets?limit=100", token=token)["data"]
    ids = [row["id"] for row in rows]
    for path, members in (("/api/tags", "assets"), ("/api/asset-groups", "members")):
        made = product.call(path, token=token, body={"name": "bench"})["data"]
        product.call(f"{path}/{made['id']}/{members}", token=token, body={"assetIds": ids})


async def _size(product: Product) -> float:
    held = await asyncpg.connect(product.dsn)
    try:
        size: float = await held.fetchval("SELECT pg_database_size(current_database())")
    finally:
        await held.close()
    return size
