"""The rank of a finding."""

import pytest

from threatweaver_exposure.engine import risk


@pytest.mark.parametrize(
    ("cvss3", "cvss2", "vpr", "epss", "severity", "score"),
    [
        (10.0, 10.0, 10.0, 1.0, 4, 100),
        (9.8, 5.0, None, None, 4, 98),
        (None, 5.0, None, None, 4, 50),
        (0.0, 9.0, None, None, 1, 0),
        (8.0, None, 6.0, None, 3, 71),
        (8.0, None, None, 0.5, 3, 68),
        (8.0, None, 6.0, 0.5, 3, 65),
        (None, None, 6.0, 0.5, 3, 56),
        (9.8, 9.0, 9.0, 0.9, 0, 0),
    ],
)
def test_present_inputs_share_the_weight(cvss3, cvss2, vpr, epss, severity, score):
    assert risk.score(cvss3, cvss2, vpr, epss, severity) == score


@pytest.mark.parametrize(("severity", "score"), [(4, 95), (3, 79), (2, 54), (1, 20), (0, 0)])
def test_severity_stands_in_when_nothing_is_known(severity, score):
    assert risk.score(None, None, None, None, severity) == score
