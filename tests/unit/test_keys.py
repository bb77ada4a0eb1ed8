"""The master secret: made once, readable by its owner alone, one key a purpose."""

import base64
import stat

import pytest

from threatweaver import config
from threatweaver.auth import keys
from threatweaver.config import ConfigError


def test_the_secret_is_made_on_first_use_and_kept(tmp_path):
    settings = config.load({}, home=tmp_path)
    first, second = keys.load(settings), keys.load(settings)
    assert first == second
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_purposes_have_different_keys():
    made = keys.derive(b"m" * 32)
    assert len({made.access_token, made.cursor, made.storage}) == 3
    assert "m" * 8 not in repr(made)


def test_the_variable_wins_over_the_file(tmp_path):
    text = base64.b64encode(b"s" * 32).decode()
    assert keys.load(config.load({"TW_SECRET_KEY": text}, home=tmp_path)) == keys.derive(b"s" * 32)
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("text", ["short", "not base64 at all!", base64.b64encode(b"x" * 31).decode()])
def test_a_bad_secret_stops_the_start(tmp_path, text):
    with pytest.raises(ConfigError, match="must be the base64 of 32 random bytes"):
        keys.load(config.load({"TW_SECRET_KEY": text}, home=tmp_path))
    (tmp_path / "secret.key").write_text(text)
    with pytest.raises(ConfigError, match=r"secret\.key must be the base64"):
        keys.load(config.load({}, home=tmp_path))
