"""Settings of plugins: typed, bounded, and each plugin sees only its own."""

import pytest

from threatweaver import settings
from threatweaver.config import ConfigError
from threatweaver.settings import Setting

DECLARED = (
    Setting(name="max_bytes", default=100, minimum=10, title="Largest file"),
    Setting(name="region", default="eu", title="Where"),
)


def test_defaults_and_given_values():
    assert settings.read("scan", DECLARED, {}) == {"max_bytes": 100, "region": "eu"}
    given = {"TW_SCAN_MAX_BYTES": " 20 ", "TW_SCAN_REGION": "us"}
    assert settings.read("scan", DECLARED, given) == {"max_bytes": 20, "region": "us"}


def test_an_empty_variable_is_unset():
    assert settings.read("scan", DECLARED, {"TW_SCAN_MAX_BYTES": ""})["max_bytes"] == 100


@pytest.mark.parametrize("text", ["9", "-20", "many", "1.5", "²", "9" * 5000])
def test_bad_numbers_name_the_variable_and_the_minimum(text):
    with pytest.raises(ConfigError, match="TW_SCAN_MAX_BYTES must be a whole number of at least 10"):
        settings.read("scan", DECLARED, {"TW_SCAN_MAX_BYTES": text})


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError, match="TW_SCAN_MAX; scan has TW_SCAN_MAX_BYTES, TW_SCAN_REGION"):
        settings.read("scan", DECLARED, {"TW_SCAN_MAX": "1"})


def test_of_two_plugins_whose_names_begin_alike_the_longer_name_owns_the_variable():
    given = {"TW_SCAN_REGION": "eu", "TW_SCAN_PRO_REGION": "us"}
    names = ["scan", "scan_pro"]
    assert settings.owned("scan", names, given) == {"TW_SCAN_REGION": "eu"}
    assert settings.owned("scan_pro", names, given) == {"TW_SCAN_PRO_REGION": "us"}
