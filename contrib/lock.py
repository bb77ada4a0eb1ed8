"""Write requirements.lock and requirements-dev.lock: every dependency pinned, with hashes (`make lock`).

The distributions of this workspace depend on each other; those names are left out, for they are installed
from the checkout or from wheels built of it.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = "threatweaver"


def dependencies() -> list[str]:
    """Return what the workspace's distributions need from outside."""
    found: set[str] = set()
    for path in sorted(ROOT.glob("**/pyproject.toml")):
        if not {".venv", "node_modules", "build"} & set(path.parts):
            project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
            found.update(item for item in project.get("dependencies", []) if not item.startswith(OWN))
    return sorted(found)


def lock(target: str, wanted: list[str], *constraints: str) -> None:
    """Resolve and write one lock file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--output-file", target]
    command += [part for item in constraints for part in ("--constraint", item)]
    text = "\n".join(wanted)
    subprocess.run(command, input=text, text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def main() -> None:
    """Lock the product, then the tools on top of it."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["dev"]
    lock("requirements.lock", [*dependencies(), "setuptools>=77", "wheel"])
    lock("requirements-dev.lock", [*dependencies(), *tools], "requirements.lock")


main()
