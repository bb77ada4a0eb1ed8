"""Which findings of different tools are one flaw, measured on labeled pairs.

A pair of the corpus is of one asset; `origin` is `report` for findings of real reports, else they are
written in the shape that the tools' readers give. Labels are by what the flaw is; no pair is left out for
failing.

What the figures are worth: 206 of 539 pairs come from real reports, nearly all of packages, and most of those
labels follow from an equal advisory and package, which is close to what recipe 2 asks for. The held-out third
is not blind any more: two pairs of one weakness on one line were labeled "different" by mistake and corrected
after the first run, in which the held-out precision was 0.988. A guard against getting worse, then, and no
estimate of how recipe 2 does on anybody's findings; for that, somebody else's labels are wanted.
"""

import json
from pathlib import Path

import pytest

from threatweaver_exposure.engine.recipes import (
    RECIPES,
    Alias,
    Seen,
    alias_classes,
    differences,
    identity,
)

CORPUS = Path(__file__).with_name("identity_corpus.jsonl")
SOURCE = "osv.dev"
CLASSES = alias_classes(
    Alias(cve, other, SOURCE)
    for cve, other in (
        ("CVE-2020-7598", "GHSA-vh95-rmgr-6w4m"),
        ("CVE-2021-44906", "GHSA-xvch-5gv4-984h"),
        ("CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"),
        ("CVE-2021-38561", "GHSA-ppp9-7jff-5vj2"),
        ("CVE-2022-32149", "GHSA-69ch-w2m2-3vjp"),
        ("CVE-2021-21330", "PYSEC-2021-76"),
        ("CVE-2021-44420", "PYSEC-2021-439"),
        ("CVE-2021-32714", "RUSTSEC-2021-0079"),
        ("CVE-2021-38561", "GO-2021-0113"),
        ("CVE-2022-32149", "GO-2022-1059"),
    )
)


def seen(values):
    return Seen(**{name: tuple(value) if type(value) is list else value for name, value in values.items()})


def pairs():
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def said_same(pair, version=2):
    one, other = (identity(seen(pair[side]), version, CLASSES).key for side in ("one", "other"))
    return one == other


def rates(chosen, version=2):
    """Return precision and recall of a recipe."""
    told = [(pair["same"], said_same(pair, version)) for pair in chosen]
    right = told.count((True, True))
    return right / (right + told.count((False, True)) or 1), right / (right + told.count((True, False)))


@pytest.mark.parametrize("held_out", [False, True], ids=["all", "held out"])
def test_precision_and_recall(held_out, capsys):
    chosen = [pair for pair in pairs() if pair["held_out"] or not held_out]
    precision, recall = rates(chosen)
    with capsys.disabled():
        part = "held out" if held_out else "all"
        print(  # noqa: T201 -- the measure itself is what this test is read for
            f"\nidentity, {part}: {len(chosen)} pairs, precision {precision:.4f}, recall {recall:.4f}"
        )
    assert precision >= 0.99
    assert recall >= 0.90


def test_the_corpus_is_balanced_and_has_no_pair_twice():
    found = pairs()
    same = sum(pair["same"] for pair in found)
    assert len(found) >= 300
    assert 0.4 < same / len(found) < 0.6
    assert len({json.dumps([pair["one"], pair["other"]]) for pair in found}) == len(found)


def test_recipe_1_never_joins_two_tools():
    assert not any(said_same(pair, 1) for pair in pairs() if pair["one"]["source"] != pair["other"]["source"])


def test_an_identity_shows_its_fields_and_what_differs():
    one = identity(Seen("trivy_json", "CVE-2019-1", location="pkg:deb/debian/libc6", cves=("CVE-2019-1",)))
    other = identity(
        Seen("grype_json", "CVE-2019-1", location="pkg:deb/debian/libc-bin", cves=("CVE-2019-1",))
    )
    assert one.fields == (("advisory", "CVE-2019-1"), ("ecosystem", ""), ("package", "libc6"))
    assert differences(one, other) == {"package": ("libc6", "libc-bin")}


def test_a_finding_without_the_fields_of_a_flaw_is_told_by_its_check():
    found = identity(Seen("nessus", "19506", 0, "tcp"))
    assert found.kind == "check"
    assert found.fields == identity(Seen("nessus", "19506", 0, "tcp"), 1).fields


def test_an_alias_can_be_split_and_two_cves_are_never_one_flaw():
    said = [
        Alias("CVE-1999-1", "GHSA-a", "x"),
        Alias("GHSA-a", "PYSEC-1", "y"),
        Alias("CVE-1999-2", "PYSEC-1", "z"),
    ]
    whole = alias_classes(said)
    assert whole["PYSEC-1"] == whole["GHSA-a"] == "CVE-1999-1"
    assert whole.get("CVE-1999-2", "CVE-1999-2") == "CVE-1999-2"
    assert alias_classes(said[:2], [frozenset(("GHSA-a", "PYSEC-1"))]) == {
        "CVE-1999-1": "CVE-1999-1",
        "GHSA-a": "CVE-1999-1",
    }


def test_every_recipe_takes_any_finding():
    for version, recipe in RECIPES.items():
        assert recipe.version == version
        assert recipe.kinds[-1] == "check"
        assert identity(Seen("", "", location="pkg:", output=":"), version).kind == "check"
