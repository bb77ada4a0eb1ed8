"""Handing a message to the mail server of the settings."""

import ssl
from email.message import EmailMessage

import aiosmtplib

from threatweaver.config import Settings
from threatweaver.smtp_server import LOOPBACK, SmtpServer

_TIMEOUT = 30.0
_CHECK_TIMEOUT = 5.0


class MailNotSent(Exception):
    """The server did not take the message; `temporary` says whether another attempt makes sense."""

    def __init__(self, reason: str, *, temporary: bool, code: int | None = None) -> None:
        self.temporary = temporary
        self.code = code
        super().__init__(reason)


def _client(settings: Settings, timeout: float) -> tuple[aiosmtplib.SMTP, SmtpServer]:
    if settings.smtp_url is None:
        raise MailNotSent("no mail server is configured (TW_SMTP_URL)", temporary=True)
    server = SmtpServer.parse(settings.smtp_url)
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.encryption == "smtps",
        start_tls={"smtps": False, "smtp+starttls": True}.get(server.encryption),
        validate_certs=server.encryption != "smtp",  # plain smtp:// encrypts where it can, and trusts anyone
        timeout=timeout,
    )
    return client, server


async def send(settings: Settings, message: EmailMessage) -> int:
    """Send a message to the addresses in its To; return the server's code. Raises MailNotSent."""
    client, _ = _client(settings, _TIMEOUT)
    try:
        async with client:
            refused, _ = await client.send_message(message)
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
        raise _not_sent(error) from error
    if refused:
        codes = sorted({response.code for response in refused.values()})
        raise MailNotSent(f"{len(refused)} recipients were refused ({codes})", temporary=False, code=codes[0])
    return 250


async def check(settings: Settings) -> str:
    """Connect and sign in to the server; return its name. Raises MailNotSent."""
    client, server = _client(settings, _CHECK_TIMEOUT)
    try:
        async with client:
            await client.noop()
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
        raise _not_sent(error) from error
    plain = "" if server.encryption != "smtp" or server.host in LOOPBACK else ", not safe from eavesdroppers"
    return f"{server.host}:{server.port}{plain}"


def _not_sent(error: Exception) -> MailNotSent:
    """Tell what happened without the server's own words: they may repeat the content or the password."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        reason = f"the server answered {error.code} ({type(error).__name__})"
        # A wrong password is the operator's to mend, and mended by the time of a later attempt.
        temporary = error.code < 500 or isinstance(error, aiosmtplib.SMTPAuthenticationError)
        return MailNotSent(reason, temporary=temporary, code=error.code)
    return MailNotSent(f"the server cannot be used ({type(error).__name__})", temporary=True)
