"""What schemathesis cannot read off the document: rules between parts of a request, and who is asking."""

import json
import os
from collections import Counter
from pathlib import Path

import schemathesis

ANSWERS = Path(os.environ["SCHEMATHESIS_ANSWERS"])
SPARED = json.loads(os.environ["SCHEMATHESIS_SPARED"])
VIEWER = {"Authorization": f"Bearer {os.environ['SCHEMATHESIS_VIEWER']}"}

shown = Counter()
"""How often each operation succeeded, and did not; the first time of both the viewer calls it, too."""


@schemathesis.hook
def before_call(context, case, kwargs):
    # A cursor is signed by the server: one made up is refused, as it should be. An empty one stays.
    if isinstance((case.query or {}).get("cursor"), str) and case.query["cursor"]:
        del case.query["cursor"]
    if case.query:  # of a feed that is empty, for instance: half a minute, and no other answer
        case.query.pop("wait", None)
    # X-Filename is needed beside a raw body only, and OpenAPI knows no such condition.
    raw = case.media_type not in {None, "multipart/form-data", "application/json"}
    if case.operation.path == "/api/imports" and raw and "X-Filename" not in (case.headers or {}):
        case.headers = {**(case.headers or {}), "X-Filename": "report.nessus"}
    # Whoever deactivates themselves has only refusals to show: changes meet somebody else instead.
    if case.method.upper() != "GET":
        for name, value in (case.path_parameters or {}).items():
            case.path_parameters[name] = SPARED.get(str(value), value)


@schemathesis.hook
def after_call(context, case, response):
    # The test counts which operations were answered at all.
    who = "viewer" if response.request.headers.get("Authorization") == VIEWER["Authorization"] else "admin"
    with ANSWERS.open("a") as answers:
        answers.write(f"{who} {response.status_code} {case.operation.label}\n")


@schemathesis.check
def a_viewer_is_answered_as_documented(ctx, response, case):
    first = case.operation.label, 200 <= response.status_code < 300
    shown[first] += 1
    if shown[first] == 1:
        case.validate_response(
            case.call(headers=VIEWER),
            headers=VIEWER,
            excluded_checks=[a_viewer_is_answered_as_documented],
        )
