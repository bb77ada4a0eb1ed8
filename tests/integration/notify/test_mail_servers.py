"""The mail server of the settings: encryption, sign-in, and what doctor says about it."""

import ssl
import subprocess

import pytest

from tests.integration.notify.conftest import authenticate
from threatweaver.notify.mail import commands, smtp
from threatweaver.notify.mail.message import Letter, compose


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate of 127.0.0.1, as (file, server context)."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return cert, context


def letter():
    return compose(
        Letter(subject="s", text="t"), sender="tw@example.com", to=["ada@example.com"], message_id="1"
    )


async def test_starttls_with_a_password(alone, with_settings, serve_mail, certificate, monkeypatch):
    cert, context = certificate
    server = await serve_mail(
        tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True
    )
    kernel = with_settings(alone, smtp_url=f"smtp+starttls://ada:p%40ss%20word@127.0.0.1:{server.port}")
    with pytest.raises(smtp.MailNotSent):  # a certificate that nobody vouches for
        await smtp.send(kernel.settings, letter())
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    assert await smtp.send(kernel.settings, letter()) == 250
    assert len(server.got) == 1
    assert (await commands.state(kernel))[1]


async def test_a_wrong_password_is_worth_another_attempt_and_shows_nowhere(
    alone, with_settings, serve_mail, certificate, monkeypatch
):
    cert, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    server = await serve_mail(ssl=context, authenticator=authenticate, auth_require_tls=False)
    kernel = with_settings(alone, smtp_url=f"smtps://ada:hunter2hunter2@127.0.0.1:{server.port}")
    with pytest.raises(smtp.MailNotSent) as caught:
        await smtp.send(kernel.settings, letter())
    assert (caught.value.temporary, caught.value.code) == (True, 535)
    detail, usable = await commands.state(kernel)
    assert not usable
    assert "535" in detail
    assert "hunter2" not in f"{caught.value} {detail} {kernel.settings!r}"


async def test_a_server_without_starttls_is_not_spoken_to_in_the_clear(alone, with_settings, mailbox):
    kernel = with_settings(alone, smtp_url=f"smtp+starttls://127.0.0.1:{mailbox.port}")
    with pytest.raises(smtp.MailNotSent) as caught:
        await smtp.send(kernel.settings, letter())
    assert caught.value.temporary
    assert mailbox.got == []


async def test_a_server_that_is_away_is_worth_another_attempt(alone, with_settings, unused_tcp_port):
    kernel = with_settings(alone, smtp_url=f"smtp://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(smtp.MailNotSent) as caught:
        await smtp.send(kernel.settings, letter())
    assert caught.value.temporary
    assert not (await commands.state(kernel))[1]
