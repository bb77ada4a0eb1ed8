"""Settings from the environment: kinds, ranges, and variables nobody owns."""

from pathlib import Path

import pytest

from threatweaver import config
from threatweaver.config import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("900", 900), ("15m", 900), ("7d", 604800), ("1.5h", 5400), ("2500ms", 2.5), (" 30 s ", 30)],
)
def test_durations(text, seconds):
    assert config.load({"JWT_EXPIRES_IN": text}).jwt_expires_in == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "-5", "1w", "1e9", "٣", "9" * 400])
def test_a_duration_that_is_none_is_refused_or_unset(text):
    if text == "":
        assert config.load({"JWT_EXPIRES_IN": text}).jwt_expires_in == 900
        return
    with pytest.raises(ConfigError, match="JWT_EXPIRES_IN must be"):
        config.load({"JWT_EXPIRES_IN": text})


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("TW_PORT", "65536"),
        ("TW_PORT", "http"),
        ("TW_PORT", "²"),
        ("TW_PORT", "-1"),
        ("TW_PROCESSES", "0"),
        ("TW_POOL_SIZE", "1"),
        ("TW_LOG_FORMAT", "xml"),
        ("TW_LOG_LEVEL", "loud"),
        ("TW_BODY_MAX_BYTES", "0"),
        ("TW_STATEMENT_TIMEOUT", "1ms"),
        ("JWT_EXPIRES_IN", "0"),
        ("JWT_REFRESH_EXPIRES_IN", "0s"),
        ("TW_RATE_LIMIT", "9" * 20),
        ("TW_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TW_TRUSTED_PROXIES", "10.0.0.0/8,,"),
        ("TW_TRUSTED_PROXIES", "my-proxy"),
        ("TW_CORS_ORIGINS", "*"),
        ("TW_CORS_ORIGINS", "https://a.example/path"),
        ("TW_CORS_ORIGINS", "a.example"),
        ("TW_TLS_CERT", "cert.pem"),
    ],
)
def test_out_of_range_values_name_their_variable(variable, text):
    with pytest.raises(ConfigError, match=variable):
        config.load({variable: text})


def test_flags_win_over_the_environment_and_none_is_not_given():
    loaded = config.load({"TW_PORT": "5000", "TW_HOST": "0.0.0.0"}, port=6000, host=None)
    assert (loaded.port, loaded.host) == (6000, "0.0.0.0")


def test_paths_are_absolute_and_know_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    loaded = config.load({"TW_HOME": "~/data", "TW_LICENSE_KEYS": "keys.pem"})
    assert loaded.home == Path("/somewhere/data")
    assert loaded.license_keys == Path.cwd() / "keys.pem"
    assert loaded.spool == Path("/somewhere/data/spool")


def test_foreign_variables_are_none_of_our_business():
    assert config.load({"PATH": "/bin", "TWO": "2"}).plugin_values == {}


def test_an_unknown_variable_is_refused_with_a_suggestion():
    settings = config.load({"TW_PROT": "4005"})
    with pytest.raises(ConfigError, match=r"unknown setting TW_PROT; did you mean TW_PORT\?"):
        config.refuse_unknown(settings, {"exposure"})


def test_a_variable_of_a_plugin_that_is_not_installed_is_refused():
    settings = config.load({"TW_APPSEC_LIMIT": "1"})
    config.refuse_unknown(settings, {"appsec"})
    with pytest.raises(ConfigError, match="unknown setting TW_APPSEC_LIMIT"):
        config.refuse_unknown(settings, {"exposure"})


def test_secrets_are_not_in_the_repr():
    loaded = config.load(
        {"TW_SECRET_KEY": "hush", "TW_ADMIN_PASSWORD": "hush", "DATABASE_URL": "postgresql://u:hush@h/d"}
    )
    assert "hush" not in repr(loaded)
