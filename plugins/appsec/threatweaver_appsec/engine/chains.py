"""Findings that are worse together. A rule names the weaknesses of its steps by CWE; the rest is the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from threatweaver_appsec.engine.agent import Severity
from threatweaver_appsec.engine.findings import Finding


@dataclass(frozen=True)
class Rule:
    """One step for each set of CWEs, of which one finding is enough."""

    id: str
    title: str
    severity: Severity
    steps: tuple[frozenset[int], ...]
    story: str
    """What an attacker does with them, in a sentence."""


@dataclass(frozen=True)
class Chain:
    """A rule and the findings of its steps, by fingerprint."""

    id: str
    rule: str
    title: str
    severity: Severity
    story: str
    findings: tuple[str, ...]


def _steps(*steps: set[int]) -> tuple[frozenset[int], ...]:
    return tuple(frozenset(step) for step in steps)


XSS, SQLI = {79, 80, 87}, {89, 564, 943}
ENUMERATION, NO_LIMIT, WEAK_LOGIN = {203, 204}, {307, 770, 799}, {521, 798, 1391, 1392, 1393}
OTHERS_DATA = {639, 284, 285, 566, 862, 863}

RULES = (
    Rule(
        "session-theft",
        "Script in a page reads the session",
        Severity.CRITICAL,
        _steps(XSS, {1004}),
        "A script that is put into a page reads the session's cookie, since it lacks HttpOnly.",
    ),
    Rule(
        "account-takeover-by-guessing",
        "Accounts can be found and their passwords guessed",
        Severity.CRITICAL,
        _steps(ENUMERATION, NO_LIMIT, WEAK_LOGIN),
        "Names that exist are told apart, guesses are not limited, and weak passwords are accepted.",
    ),
    Rule(
        "guessing-at-scale",
        "Accounts can be found and guessed at without a limit",
        Severity.HIGH,
        _steps(ENUMERATION, NO_LIMIT),
        "Names that exist are told apart, and guesses at their passwords are not limited.",
    ),
    Rule(
        "privilege-by-assignment",
        "Others' objects can be changed in fields that are not for clients",
        Severity.CRITICAL,
        _steps(OTHERS_DATA, {915}),
        "Objects of others are reached by their ids, and fields that decide on rights can be set in them.",
    ),
    Rule(
        "token-by-redirect",
        "A redirect to anywhere takes tokens along",
        Severity.HIGH,
        _steps({601}, {598, 522, 200, 201}),
        "A sign-in is led through the open redirect, and what stands in the URL arrives at the attacker.",
    ),
    Rule(
        "forged-session-everywhere",
        "Tokens that anybody can write open others' data",
        Severity.CRITICAL,
        _steps({345, 347, 327, 1391}, OTHERS_DATA),
        "A forged token names another user, and the application hands out that user's objects.",
    ),
    Rule(
        "script-by-another-site",
        "Another site acts with a script of its own in the user's session",
        Severity.HIGH,
        _steps(XSS, {352}),
        "A page elsewhere stores or sends the script in the user's name, since requests need no token.",
    ),
    Rule(
        "cross-origin-theft",
        "Another site reads what the user may read",
        Severity.HIGH,
        _steps({942, 346}, {359, 200, 201, 213}),
        "Answers with personal data are readable for any origin that the user visits.",
    ),
    Rule(
        "inside-by-the-server",
        "The server is sent inside and says what it finds",
        Severity.CRITICAL,
        _steps({918, 611}, {200, 209, 497, 532, 538}),
        "The server fetches addresses that are not public, and errors or files tell what is there.",
    ),
    Rule(
        "database-to-login",
        "The database gives passwords that can be used at once",
        Severity.CRITICAL,
        _steps(SQLI, {256, 257, 327, 328, 916}),
        "The injection reads stored passwords, and these are not hashed well enough to protect them.",
    ),
    Rule(
        "upload-and-include",
        "An uploaded file is run by including it",
        Severity.CRITICAL,
        _steps({434}, {22, 73, 98}),
        "A file of the attacker is stored, and a path that is not checked includes it.",
    ),
)


def chains_of(findings: Sequence[Finding], rules: Sequence[Rule] = RULES) -> list[Chain]:
    """Return the chains that findings make, one for each rule, a longer rule before those it contains."""
    found: list[tuple[Rule, Chain]] = []
    for rule in sorted(rules, key=lambda rule: -len(rule.steps)):
        picked = [next((one for one in findings if one.cwe in step), None) for step in rule.steps]
        steps = [one for one in picked if one is not None]
        longer = any(set(rule.steps) < set(other.steps) for other, _ in found)
        if len(steps) == len(rule.steps) and not longer:
            marks = tuple(one.fingerprint for one in steps)
            name = sha256("\x1f".join((rule.id, *marks)).encode()).hexdigest()[:32]
            found.append((rule, Chain(name, rule.id, rule.title, rule.severity, rule.story, marks)))
    return [chain for _, chain in found]
