"""The lab and its safe twin on loopback, as targets of dast.py, with two people who sign in."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the lab is no distribution: nothing installs it

from lab.truth import truth  # noqa: E402 - found there
from lab.world import USERS  # noqa: E402


@contextmanager
def served() -> Iterator[list[str]]:
    """Serve both; yield FILE=URL,OPTION… of each."""
    with tempfile.TemporaryDirectory() as folder:
        running, targets = [], []
        try:
            for safe in (False, True):
                words = [sys.executable, "-m", "lab", "--port", "0", *(["--safe"] if safe else [])]
                one = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
                running.append(one)
                assert one.stdout is not None
                url = json.loads(one.stdout.readline())["url"]
                targets.append(_target(Path(folder), url, safe=safe))
            yield targets
        finally:
            for one in running:
                one.terminate()
                one.wait()


def _target(folder: Path, url: str, *, safe: bool) -> str:
    known = truth(safe=safe, base_url=url)
    place, people = folder / f"{known['name']}.json", folder / f"{known['name']}-logins.json"
    place.write_text(json.dumps(known), encoding="utf-8")
    logins = [
        {"kind": "form", "name": name, "url": f"{url}/login", "user": name, "password": USERS[name]}
        for name in ("alice", "bob")
    ]
    people.write_text(json.dumps(logins), encoding="utf-8")
    return f"{place}={url},--login {people},--openapi {url}/openapi.json"
