"""A mail's text and its form on the wire; no input can add a header or a recipient."""

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, parseaddr

from threatweaver.http.errors import Unprocessable


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail says; `html` is an alternative to the text."""

    subject: str
    text: str
    html: str | None = None


def address(text: str) -> str:
    """Return one bare address. Raises Unprocessable when it is none, several, or more than an address."""
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError):  # IndexError: the parser slips on an empty text
        raise Unprocessable("This is no mail address.") from None
    complete = parsed.username and parsed.domain and parsed.addr_spec == text
    if not complete or not text.isprintable() or " " in text:
        raise Unprocessable("This is no mail address.")
    return text


def line(text: str) -> str:
    """Return text as one line of a header: a control character becomes a space."""
    return "".join(char if char.isprintable() else " " for char in text).strip()[:200]


def compose(letter: Letter, *, sender: str, to: list[str], message_id: str) -> EmailMessage:
    """Build the message; the same `message_id` at each attempt lets the receiver drop a second copy."""
    name, bare = parseaddr(sender)
    domain = bare.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=bare)
    message["To"] = [Address(addr_spec=address(item)) for item in to]
    message["Subject"] = line(letter.subject)
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{message_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    return message
