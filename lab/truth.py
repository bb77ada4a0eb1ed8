"""`python -m lab.truth [--safe] [URL]`: the ground truth as JSON, shaped like the shared targets'."""

import argparse
import json
import sys
from collections import Counter
from typing import Any

from lab.case import Case
from lab.cases import CASES
from lab.world import USERS


def truth(*, safe: bool, base_url: str = "http://127.0.0.1:0") -> dict[str, Any]:
    """Return what a scan of an application is expected to find: everything, or nothing."""
    name = "lab-safe" if safe else "lab"
    people = ", ".join(f"{user}/{password}" for user, password in USERS.items())
    trap = " (trap: must NOT be reported)" if safe else ""
    return {
        "name": name,
        "source": {"repo": "lab", "commit": None, "licence": "Apache-2.0"},
        "kind": "web",
        "split": "dev",
        "base_url": base_url,
        "login": f"form at /login or JSON at POST /api/login: {people}; OpenAPI at /openapi.json",
        "note": "CLEAN twin of lab: same paths, done right." if safe else "",
        "counts": dict(Counter(f"{case.kind}{trap}" for case in CASES.values())),
        "items": [_item(case, name, expect=not safe) for case in CASES.values()],
    }


def _item(case: Case, target: str, *, expect: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "class": case.kind,
        "cwe": case.cwe,
        "owasp": case.owasp,
        "method": case.method,
        "path": case.path,
        "expect": expect,
        "dast_candidate": True,
        "needs": case.needs,
        "note": case.title,
        "id": f"{target}-{case.name}",
    }
    if case.parameter:
        item |= {"param": case.parameter.name, "in": case.parameter.where}
    if case.needs in {"login", "two identities"}:
        cookie = "session cookie from POST /login, or " if case.login == "/api/login" else ""
        item["auth"] = f"{cookie}Bearer token from POST {case.login}"
    return item


def main() -> None:
    """Print the ground truth."""
    parser = argparse.ArgumentParser(prog="python -m lab.truth", description=__doc__)
    parser.add_argument("--safe", action="store_true")
    parser.add_argument("base_url", nargs="?", default="http://127.0.0.1:0")
    arguments = parser.parse_args()
    sys.stdout.write(json.dumps(truth(safe=arguments.safe, base_url=arguments.base_url), indent=1) + "\n")


if __name__ == "__main__":
    main()
