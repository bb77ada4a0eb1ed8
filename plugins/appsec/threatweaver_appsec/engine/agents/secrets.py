"""Secrets and personal data in answers: keys by their format and checksum, passwords, card numbers."""

import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from threatweaver_appsec.engine.agent import About, Agent, Proof, Safety, Severity, Watcher
from threatweaver_appsec.engine.answers import ACCOUNT_KEY, document_of, objects, redacted, session_of
from threatweaver_appsec.engine.messages import Exchange

TEXT = re.compile(r"^(text/|application/(json|javascript|xml|x-javascript|yaml)|.*\+(json|xml)$)|^$")
PLACEHOLDER = re.compile(
    r"example|x{4,}|0{6,}|1234567|your|dummy|changeme|placeholder|<|\*{3}", re.IGNORECASE
)
DIGITS62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PASSWORD_KEY = re.compile(
    r"^(user_?)?(pass(word|wd)?|pwd)([_-]?(hash|digest))?$|^(hashed|encrypted)_?password$", re.IGNORECASE
)
HASH = re.compile(
    r"\$(2[abxy]|argon2\w*|scrypt|[156]|pbkdf2[\w-]*)\$.+|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}"
    r"|(pbkdf2|argon2|bcrypt|scrypt)[:$_]\S+|\{SSHA\d*\}\S+",
    re.IGNORECASE,
)
DOCUMENTS = ("openapi", "swagger", "$schema", "asyncapi", "item")  # of APIs: their examples are no data
CARD = re.compile(
    r"(?<![\w.,-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5})(?![\w.,-])"
)
MARKUP = re.compile(r"<[^<>]*>")
CARD_PREFIX = re.compile(r"4|5[1-5]|2[2-7]|3[47]|6011|65")
MOST_TEXT = 500_000


def _checksum(token: str) -> bool:
    """Return whether a token of GitHub's or npm's ends with the CRC-32 of what stands before."""
    body = token.partition("_")[2]
    number, digits = zlib.crc32(body[:-6].encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        digits = DIGITS62[rest] + digits
    return body[-6:] == digits


def _random(token: str) -> bool:
    """Return whether the characters are spread as random ones are: above 3 bits each."""
    counts = Counter(token)
    return -sum(n / len(token) * math.log2(n / len(token)) for n in counts.values()) > 3.0


# Each begins with its letters, which Python looks for fast; whether a word begins there is asked after them.
KEYS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool], Severity], ...] = (
    (
        "private key",
        re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\\nr]*[A-Za-z0-9+/=\s\\]{100,}"),
        _random,
        Severity.HIGH,
    ),
    ("GitHub token", re.compile(r"gh(?<!\wgh)[pousr]_[A-Za-z0-9]{36}\b"), _checksum, Severity.HIGH),
    ("npm token", re.compile(r"npm_(?<!\wnpm_)[A-Za-z0-9]{36}\b"), _checksum, Severity.HIGH),
    ("GitLab token", re.compile(r"glpat-(?<!\wglpat-)[\w-]{20}\b"), _random, Severity.HIGH),
    ("Slack token", re.compile(r"xox(?<!\wxox)[abprs]-\d{8,}-[\w-]{20,}"), _random, Severity.HIGH),
    ("Stripe key", re.compile(r"[sr]k_live_(?<!\w[sr]k_live_)[A-Za-z0-9]{24,}\b"), _random, Severity.HIGH),
    ("SendGrid key", re.compile(r"SG\.(?<!\wSG\.)[\w-]{22}\.[\w-]{43}\b"), _random, Severity.HIGH),
    ("Azure storage key", re.compile(r"AccountKey=[A-Za-z0-9+/]{86}=="), _random, Severity.HIGH),
    (
        "AWS secret key",
        re.compile(r"AKIA(?<!\wAKIA)[0-9A-Z]{16}\b[\s\S]{0,120}?[\"'=: ][A-Za-z0-9+/]{40}\b"),
        _random,
        Severity.HIGH,
    ),
    (
        "database password",
        re.compile(
            r"\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqps?)://[\w.-]+:[^\s@/\"'<>]{4,}@[\w.-]+"
        ),
        lambda _: True,
        Severity.HIGH,
    ),
)


def _keys(exchange: Exchange) -> Iterator[Proof]:
    text = _text(exchange)
    for name, pattern, genuine, severity in KEYS:
        for found in pattern.findall(text)[:3]:
            if not PLACEHOLDER.search(found) and genuine(found):
                yield Proof(
                    says=f"The answer has a {name}.",
                    excerpt=redacted(found),
                    exchanges=(exchange,),
                    severity=severity,
                    title=f"{name[0].upper()}{name[1:]} in an answer",
                    key=f"{name} {zlib.crc32(found.encode()):08x}",
                )


def _text(exchange: Exchange) -> str:
    response = exchange.response
    return exchange.text[:MOST_TEXT] if response and TEXT.match(response.media_type) else ""


def _passwords(exchange: Exchange) -> list[tuple[str, str, str]]:
    """Return account, key and password of the accounts in an answer; what its request sent is left out."""
    document = document_of(exchange)
    if exchange.status >= 400 or (isinstance(document, dict) and any(key in document for key in DOCUMENTS)):
        return []
    sent = exchange.request.body.decode("utf-8", "replace")
    return [
        (account, key, value)
        for found in objects(document)
        if (account := _account(found))
        for key, value in found.items()
        if PASSWORD_KEY.match(key) and isinstance(value, str) and _is_password(key, value, sent)
    ]


def _account(found: dict[str, Any]) -> str:
    return next((str(value) for key, value in found.items() if ACCOUNT_KEY.match(key) and value), "")


def _is_password(key: str, value: str, sent: str) -> bool:
    masked = re.fullmatch(
        r"[*•x.]*|\[?(redacted|hidden|filtered|secret|string|null|none)\]?", value, re.IGNORECASE
    )
    return not masked and value.lower() != key.lower() and value not in sent and " " not in value


def _password_list(exchange: Exchange) -> Iterator[Proof]:
    found = _passwords(exchange)
    if accounts := {account for account, _, _ in found}:
        kind = "hashes of passwords" if all(HASH.fullmatch(value) for _, _, value in found) else "passwords"
        if len(accounts) == 1 and exchange.request.method != "GET":
            return  # somebody is told of what they just made
        yield Proof(
            says=f"The answer has {kind} of {len(accounts)} account{'s' if len(accounts) > 1 else ''}"
            f"{'' if session_of(exchange) else ', and needs no login'}.",
            excerpt="; ".join(f"{account}: {key} {redacted(value)}" for account, key, value in found[:3]),
            exchanges=(exchange,),
            severity=Severity.CRITICAL if len(accounts) > 1 and kind == "passwords" else None,
        )


def _plain_passwords(exchange: Exchange) -> Iterator[Proof]:
    plain = [one for one in _passwords(exchange) if not HASH.fullmatch(one[2])]
    if len({account for account, _, _ in plain}) > 1:
        yield Proof(
            says=f"The passwords of {len(plain)} accounts are read back as they were chosen: none is hashed.",
            excerpt="; ".join(f"{account}: {key} {redacted(value)}" for account, key, value in plain[:3]),
            exchanges=(exchange,),
        )


def _cards(exchange: Exchange) -> Iterator[Proof]:
    response = exchange.response
    if response is None or response.media_type not in ("text/html", "application/json", "text/csv"):
        return
    for match in CARD.finditer(MARKUP.sub("\n", _text(exchange))):
        digits = re.sub(r"\D", "", match.group())
        if CARD_PREFIX.match(digits) and _luhn(digits) and len(set(digits)) > 3:
            yield Proof(
                says="The answer has what is a number of a payment card by prefix and checksum.",
                excerpt=f"{digits[:6]}…{digits[-4:]}",
                exchanges=(exchange,),
            )
            return


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _watcher(
    ident: str,
    title: str,
    cwe: int,
    severity: Severity,
    look: Callable[[Exchange], Iterable[Proof]],
    *texts: str,
) -> Watcher:
    owasp = "API3:2023" if "password" in ident else "A02:2021"
    once = ident == "secret-in-answer"
    about = partial(About, owasp=owasp, safety=Safety.PASSIVE, per_origin=once)
    return Watcher(about(ident, title, cwe, severity, *texts), look)


AGENTS: tuple[Agent, ...] = (
    _watcher(
        "secret-in-answer",
        "Secret in an answer",
        200,
        Severity.HIGH,
        _keys,
        "An answer has a key or token by which its finder can use another service.",
        "Replace the secret, keep the new one on the server, and serve only what clients need.",
    ),
    _watcher(
        "passwords-in-answer",
        "Passwords in an answer",
        200,
        Severity.HIGH,
        _password_list,
        "An answer has the passwords of accounts, or their hashes.",
        "Never serialize the password; name the fields that an answer may have.",
    ),
    _watcher(
        "passwords-stored-plain",
        "Passwords are stored as they are",
        256,
        Severity.HIGH,
        _plain_passwords,
        "The target can answer passwords, so it stores them unhashed: whoever reads the database has them.",
        "Store a hash by Argon2id, scrypt or bcrypt, and have users choose new passwords.",
    ),
    _watcher(
        "card-number",
        "Number of a payment card in an answer",
        359,
        Severity.INFO,
        _cards,
        "An answer has a whole number of a payment card.",
        "Show the last four digits only (PCI DSS 3.4).",
    ),
)
