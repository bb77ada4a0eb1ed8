"""A finding: what was shown, where, and all that is needed to show it again. Built once, redacted then."""

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from threatweaver_appsec.engine.agent import About, Operation, Proof, Severity, Telltale
from threatweaver_appsec.engine.archive import har
from threatweaver_appsec.engine.messages import Exchange, Request, Response
from threatweaver_appsec.engine.places import name_of, template
from threatweaver_appsec.engine.points import Point, Where
from threatweaver_appsec.engine.records import operation_of, operation_record, request_of, request_record
from threatweaver_appsec.engine.redact import GONE, HEADERS, header_value, redact
from threatweaver_appsec.engine.replay import curl

LONGEST_EXCERPT = 2_000  # characters
LONGEST_BESIDE = 2_048  # bytes of an answer of an operation beside a finding


@dataclass(frozen=True)
class Hit:
    """What an agent proved, before it is told to anybody."""

    about: About
    proof: Proof
    operation: Operation
    attempt: int = 0
    """Position of the attack among the agent's attempts."""
    shown: int = 1
    of: int = 1
    beside: tuple[Operation, ...] = ()
    """The operations that a prober asked to confirm it, its own included."""


@dataclass(frozen=True)
class Finding:
    """What is stored and reported. `request` is the operation's, without what signs somebody in."""

    fingerprint: str
    agent: str
    title: str
    severity: Severity
    cwe: int
    owasp: str
    description: str
    remedy: str
    method: str
    url: str
    template: str
    point: Point | None
    key: str
    says: str
    excerpt: str
    curl: str
    har: dict[str, Any]
    identity: str
    request: Request
    attempt: int
    shown: int
    of: int
    telltale: Telltale = Telltale.ANSWER
    beside: tuple[Operation, ...] = ()
    """What looking again needs to know of the target: how to register, sign in, read what was written."""

    @property
    def place(self) -> str:
        """Method, path and parameter, for people."""
        return f"{self.method} {self.template}{f' [{name_of(self.point)}]' if self.point else ''}"


def finding_of(hit: Hit, *, base: str, at: float, secrets: frozenset[str] = frozenset()) -> Finding:
    """Return the finding of a hit; `at` is when it was confirmed, in seconds of the epoch."""
    about, proof, operation = hit.about, hit.proof, hit.operation
    shown = proof.exchanges or (operation.baseline,)
    point = replace(proof.point, value="") if proof.point else None
    return Finding(
        fingerprint=fingerprint(hit, base),
        agent=about.id,
        title=proof.title or about.title,
        severity=proof.severity or about.severity,
        cwe=about.cwe,
        owasp=about.owasp,
        description=about.description,
        remedy=about.remedy,
        method=operation.request.method,
        url=redact(operation.request.url, secrets),
        template=_place(operation, base),
        point=point,
        key=proof.key,
        says=redact(proof.says, secrets)[:LONGEST_EXCERPT],
        excerpt=redact(proof.excerpt, secrets)[:LONGEST_EXCERPT],
        curl=curl(shown, proof.point, secrets, proof),
        har=har(shown, at, secrets),
        identity=next((one.identity for one in reversed(shown) if one.identity), ""),
        request=_unsigned(operation.request, secrets),
        attempt=hit.attempt,
        shown=hit.shown,
        of=hit.of,
        telltale=proof.telltale,
        beside=tuple(_beside(one, secrets) for one in hit.beside),
    )


def fingerprint(hit: Hit, base: str) -> str:
    """Return what stays the same for a finding whatever was sent: agent, place, point and key."""
    operation, proof = hit.operation, hit.proof
    if hit.about.per_origin:
        origin = operation.request.origin
        parts = [hit.about.id, "" if base.startswith(origin) else origin, proof.key]
    else:
        where = name_of(proof.point) if proof.point else ""
        parts = [hit.about.id, operation.request.method, _place(operation, base), where, proof.key]
    return sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def watched(exchange: Exchange) -> Operation:
    """Return the operation that an exchange is one of, for findings of watchers."""
    return Operation(exchange.request, exchange, "watched")


def to_record(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON has it; `from_record` reads it."""
    record = asdict(replace(finding, beside=()))
    record["request"] = request_record(finding.request)
    record["beside"] = [operation_record(one) for one in finding.beside]
    return record


def from_record(record: dict[str, Any]) -> Finding:
    """Return the finding that `to_record` wrote."""
    point = record["point"] and Point(Where(record["point"]["where"]), record["point"]["name"])
    severity, request = Severity(record["severity"]), request_of(record["request"])
    beside = tuple(operation_of(one) for one in record.get("beside", ()))
    telltale = Telltale(record.get("telltale", Telltale.ANSWER))
    known = {"point": point, "severity": severity, "request": request, "telltale": telltale, "beside": beside}
    return Finding(**(record | known))


def to_json(finding: Finding) -> str:
    """Return a finding as one line of JSON."""
    return json.dumps(to_record(finding))


def _place(operation: Operation, base: str) -> str:
    origin, path = operation.request.origin, template(operation)
    same = urlsplit(base).netloc == operation.request.parts.netloc
    return path if same else origin + path


def _unsigned(request: Request, secrets: frozenset[str]) -> Request:
    kept = tuple(
        (name, value)
        for name, value in request.headers
        if name.lower() not in HEADERS and not any(secret in value for secret in secrets)
    )
    body = request.body
    for secret in secrets:
        body = body.replace(secret.encode(), GONE.encode())
    return Request(request.method, redact(request.url, secrets), kept, body)


def _beside(operation: Operation, secrets: frozenset[str]) -> Operation:
    request, answer = _unsigned(operation.request, secrets), operation.baseline.response
    if answer is None:
        return replace(operation, request=request, baseline=replace(operation.baseline, request=request))
    kept = Response(
        answer.status,
        tuple((name, redact(header_value(name, value), secrets)) for name, value in answer.headers),
        redact(answer.text[:LONGEST_BESIDE], secrets).encode(),
        answer.seconds,
        answer.truncated or len(answer.text) > LONGEST_BESIDE,
        answer.length,
    )
    return replace(
        operation, request=request, baseline=replace(operation.baseline, request=request, response=kept)
    )
