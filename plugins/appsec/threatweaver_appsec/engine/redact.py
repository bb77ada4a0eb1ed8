"""Secrets in stored text: those that the scan signs requests with, and what looks like one."""

import json
import re
from functools import lru_cache
from urllib.parse import quote, quote_plus

GONE = "[redacted]"
_TOKENS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{4,}\.?[\w-]*"  # JSON web tokens
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bglpat-[\w-]{20,}|\bxox[abprs]-[\w-]{10,}"
    r"|\b[sr]k_(?:live|test)_\w{16,}|\bAIza[\w-]{35}"
    r"|(?s:-----BEGIN [A-Z ]*PRIVATE KEY-----.{0,8000}?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))"
)
_SAID = re.compile(
    r"(?i)((?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token"
    r"|refresh[_-]?token|private[_-]?key|token)[\"']?\s{0,5}[:=]\s{0,5}[\"']?)([^\s\"'&,;<>{}\[\]]{4,200})"
)
_LINES = re.compile(
    r"(?im)(?<![\w-])((?:proxy-)?authorization|cookie|set-cookie|x-api-key|x-auth-token)(\s*:\s*)(.+)$"
)
HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"}
)


def redact(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """Return a text without secrets; what is left of a token says which kind it was."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, GONE)
    text = _LINES.sub(lambda line: f"{line[1]}{line[2]}{header_value(line[1], line[3])}", text)
    text = _TOKENS.sub(lambda token: f"{token[0][:4]}{GONE}", text)
    return _SAID.sub(lambda pair: pair[1] + GONE, text)


@lru_cache(4_096)
def written(secret: str) -> frozenset[str]:
    """Return a secret as it stands in text, in addresses and forms, and in JSON."""
    ways = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    return frozenset(way for way in ways if way)


def header_value(name: str, value: str) -> str:
    """Return a header's value without what signs somebody in: schemes, names and attributes stay."""
    match name.lower():
        case "set-cookie":
            pair, _, attributes = value.partition(";")
            kept = f"{pair.partition('=')[0]}={GONE}"
            return f"{kept};{attributes}" if attributes else kept
        case "cookie":
            names = [pair.partition("=")[0].strip() for pair in value.split(";")]
            return "; ".join(f"{name}={GONE}" for name in names if name)
        case lower if lower in HEADERS:
            scheme, space, _ = value.partition(" ")
            return f"{scheme} {GONE}" if space else GONE
        case _:
            return value
