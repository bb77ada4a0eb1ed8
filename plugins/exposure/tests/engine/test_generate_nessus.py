"""The report generator of the benchmarks."""

import gzip
import importlib.util
from collections import Counter

import pytest
from nessus_samples import ROOT, definitions, duplicates, findings, hosts, read


@pytest.fixture(scope="module")
def bench():
    path = ROOT / "contrib" / "bench" / "generate_nessus.py"
    if not path.is_file():
        pytest.skip("the benchmarks are not part of this checkout")
    specification = importlib.util.spec_from_file_location("generate_nessus", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_report_is_what_was_asked_for(bench, tmp_path):
    bench.generate(tmp_path / "a.nessus", findings=4003, hosts=20, seed=1, plugins=300, declared=1000)
    records = read((tmp_path / "a.nessus").read_bytes())
    found = findings(records)
    assert (len(found), len(hosts(records)), duplicates(records)) == (4003, 20, 0)
    assert {finding.check for finding in found} <= records[0].checks
    kinds = [kind for kind, _ in hosts(records)[1].identifiers]
    assert list(dict.fromkeys(kinds)) == ["tenable_uuid", "mac", "fqdn", "netbios", "ip"]
    shares = Counter(finding.severity for finding in found)
    for severity, share in enumerate((0.55, 0.05, 0.20, 0.14, 0.06)):
        assert shares[severity] / len(found) == pytest.approx(share, abs=0.03)
    critical = next(f.check for f in found if f.severity == 4)
    missing = {key for key, value in definitions(records)[critical]._asdict().items() if value is None}
    assert missing <= {"cvss4_score", "cvss4_vector", "kev"}


def test_same_seed_is_the_same_file(bench, tmp_path):
    asked = {"findings": 300, "hosts": 3, "plugins": 50, "declared": 100}
    bench.generate(tmp_path / "a", seed=1, **asked)
    bench.generate(tmp_path / "b", seed=1, **asked, compress=True)
    bench.generate(tmp_path / "c", seed=2, **asked)
    data = (tmp_path / "a").read_bytes()
    assert gzip.decompress((tmp_path / "b").read_bytes()) == data
    assert (tmp_path / "c").read_bytes() != data


def test_skipping_leaves_a_subset(bench, tmp_path):
    asked = {"findings": 1000, "hosts": 3, "seed": 1, "plugins": 50, "declared": 100}
    bench.generate(tmp_path / "a", **asked)
    bench.generate(tmp_path / "b", **asked, skip=0.1)
    whole, part = (set(findings(read((tmp_path / name).read_bytes()))) for name in "ab")
    assert part < whole
    assert 50 < len(whole - part) < 150
