"""The client examples of the API reference work as printed: only base URL and credentials are replaced."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from e2e_product import PASSWORD

# Of the examples in seed/api-reference.txt, without leading spaces: the reference was stored without them.
DIGESTS = {
    "python": "62e1e9820da7353525344c99a465379a5a4ae92e73a31e94154c7b79b6324848",
    "fetch": "869cd2e0b5f964da21dcc1b6e38819e156e24e3ce745e72581abda4e9bde21be",
    "axios": "23a7c5fbed2938c7c7e04b55b7b0d94e575807b79bc27f0e2af80481b11d8037",
}
_HOST = "https://kina-vulnerability-management-uq1t.onrender.com/api"


def printed(name: str, product) -> str:
    """The example's text for the running product."""
    text = (Path(__file__).parent / "seed_examples" / f"{name}.txt").read_text()
    lines = "\n".join(line.strip() for line in text.splitlines())
    assert hashlib.sha256(lines.encode()).hexdigest() == DIGESTS[name], "the example was changed"
    assert text.count(_HOST) == 1
    text = text.replace(_HOST, f"{product.url}/api")
    text = re.sub(r"""(['"])user@example\.com\1""", rf"\1{product.line['admin']['email']}\1", text)
    return re.sub(r"""(['"])password\1(?!:)""", _credential, text)


def _credential(found: re.Match[str]) -> str:
    # In Python's example "password" is also a key, written before a colon: the pattern leaves that alone.
    return f"{found[1]}{PASSWORD}{found[1]}"


def test_python_example(product, imported, tmp_path):
    script = tmp_path / "example.py"
    script.write_text(printed("python", product))
    ran = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    total = product.get("/api/vulnerabilities?severity=CRITICAL&limit=1").json()["meta"]["total"]
    assert total > 100, "more than one page of the example"
    assert ran.stdout == f"Total critical vulnerabilities: {total}\n"


@pytest.mark.parametrize("name", ["fetch", "axios"])
def test_typescript_example(name, product, imported, clients, tmp_path):
    script = tmp_path / "example.mts"
    script.write_text(printed(name, product))
    (tmp_path / "node_modules").symlink_to(clients / "node_modules")
    compiler = [str(clients / "node_modules" / ".bin" / "tsc"), "--target", "es2022", "--module", "nodenext"]
    options = ["--strict", "--lib", "es2022,dom", "--types", "node", "--skipLibCheck", str(script)]
    built = subprocess.run(
        [*compiler, *options], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert built.returncode == 0, built.stdout
    ran = subprocess.run(
        ["node", str(tmp_path / "example.mjs")], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    if name == "fetch":
        assert ran.stdout == f"Total assets: {product.get('/api/dashboard/kpis').json()['totalAssets']}\n"
    else:
        total = product.get("/api/vulnerabilities?severity=CRITICAL&limit=1").json()["meta"]["total"]
        assert ran.stdout == f"{total} critical vulnerabilities\n"
