"""Requests and operations as JSON has them."""

import base64
from dataclasses import replace
from typing import Any

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.messages import Exchange, Fault, Request, Response

Record = dict[str, Any]
LONGEST_BASELINE = 16_384  # bytes of an answer that are remembered


def request_record(request: Request) -> dict[str, Any]:
    """Return a request as JSON has it, its body in base64."""
    body = base64.b64encode(request.body).decode()
    return {"method": request.method, "url": request.url, "headers": list(request.headers), "body": body}


def request_of(record: dict[str, Any]) -> Request:
    """Return the request that `request_record` wrote."""
    headers = tuple((name, value) for name, value in record["headers"])
    return Request(record["method"], record["url"], headers, base64.b64decode(record["body"]))


def operation_record(operation: Operation) -> Record:
    """Return an operation as its record, with the beginning of its answer."""
    answer = operation.baseline.response
    return {
        "kind": "operation",
        "request": request_record(operation.request),
        "source": operation.source,
        "page": operation.page,
        "writes": operation.writes,
        "template": operation.template,
        "needs_login": operation.needs_login,
        "identity": operation.baseline.identity,
        "fault": operation.baseline.fault,
        "answer": answer
        and {
            "status": answer.status,
            "headers": [[name, value[:1_000]] for name, value in answer.headers[:60]],
            "body": base64.b64encode(answer.body[:LONGEST_BASELINE]).decode(),
            "seconds": answer.seconds,
            "length": answer.length,
            "truncated": answer.truncated or len(answer.body) > LONGEST_BASELINE,
        },
    }


def operation_of(record: Record) -> Operation:
    """Return the operation that `operation_record` wrote."""
    answer, request = record["answer"], request_of(record["request"])
    response = answer and Response(
        answer["status"],
        tuple((name, value) for name, value in answer["headers"]),
        base64.b64decode(answer["body"]),
        answer["seconds"],
        answer["truncated"],
        answer["length"],
    )
    fault = record["fault"] and Fault(record["fault"])
    baseline = Exchange(request, response, fault, record["identity"])
    found = Operation(request, baseline, record["source"], record["page"], record["writes"])
    return replace(found, template=record["template"], needs_login=record["needs_login"])
