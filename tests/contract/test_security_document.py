"""docs/asvs.md answers every requirement once, and each test it names exists."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
# OWASP ASVS 5.0.0, requirements of levels 1 and 2, by chapter.
REQUIREMENTS = {
    "V1": 27, "V2": 11, "V3": 19, "V4": 10, "V5": 9, "V6": 35, "V7": 18, "V8": 7, "V9": 7,
    "V10": 29, "V11": 14, "V12": 9, "V13": 13, "V14": 9, "V15": 13, "V16": 16, "V17": 7,
}  # fmt: skip
LINE = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`((?:tests|plugins|kernel)/[\w/]+\.py)::(\w+)`")


def lines():
    return LINE.findall((ROOT / "docs" / "asvs.md").read_text(encoding="utf-8"))


def test_every_requirement_has_one_line():
    ids = [line[0] for line in lines()]
    assert len(ids) == len(set(ids))
    assert Counter(item.split(".")[0] for item in ids) == REQUIREMENTS


def test_each_line_has_a_test_or_a_reason():
    wrong = [name for name, _, answer in lines() if not TEST.search(answer) and len(answer.split()) < 2]
    assert wrong == []
    assert sum(bool(TEST.search(answer)) for _, _, answer in lines()) > 80


def test_the_tests_it_names_exist():
    named = {found for _, _, answer in lines() for found in TEST.findall(answer)}
    missing = [f"{path}::{name}" for path, name in sorted(named) if name not in _functions(ROOT / path)]
    assert missing == []


def _functions(path: Path) -> set[str]:
    if not path.exists():
        return set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {item.name for item in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(item, kinds)}
