"""TW_SMTP_URL, TW_MAIL_FROM and TW_PUBLIC_URL."""

import pytest

from threatweaver import config
from threatweaver.config import ConfigError
from threatweaver.smtp_server import SmtpServer


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, "smtp", None, None)),
        (
            "smtps://ada%40example.com:a%3Ab@mail.example",
            ("mail.example", 465, "smtps", "ada@example.com", "a:b"),
        ),
        ("smtp+starttls://ada:x@mail.example:2525", ("mail.example", 2525, "smtp+starttls", "ada", "x")),
        ("smtp://ada:x@127.0.0.1", ("127.0.0.1", 25, "smtp", "ada", "x")),
    ],
)
def test_an_smtp_url_names_a_server(url, expected):
    server = SmtpServer.parse(url)
    assert (server.host, server.port, server.encryption, server.username, server.password) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:99999",
        "smtps://mail.example/?verify=no",
        "smtp://ada:secretword@mail.example",
        "smtps://ada:secretword@mail.example:port",
    ],
)
def test_what_is_no_mail_server_is_refused_without_repeating_it(url):
    with pytest.raises(ConfigError, match="TW_SMTP_URL must be") as caught:
        config.load({"TW_SMTP_URL": url})
    assert "secretword" not in str(caught.value)


def test_settings_never_print_the_mail_password():
    assert "secretword" not in repr(config.load({"TW_SMTP_URL": "smtps://ada:secretword@mail.example"}))


def test_links_start_with_the_public_url_or_where_we_listen():
    assert config.load({}).public_url == "http://127.0.0.1:4005"
    assert config.load({"TW_PUBLIC_URL": "https://tw.example/"}).public_url == "https://tw.example"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TW_PUBLIC_URL", "tw.example"),
        ("TW_PUBLIC_URL", "ftp://tw.example"),
        ("TW_PUBLIC_URL", "https://tw.example/?a=1"),
        ("TW_MAIL_FROM", "nobody\r\nBcc: eve@example.com"),
        ("TW_MAIL_FROM", " "),
    ],
)
def test_addresses_that_are_none_are_refused(name, text):
    with pytest.raises(ConfigError, match=name):
        config.load({name: text})
