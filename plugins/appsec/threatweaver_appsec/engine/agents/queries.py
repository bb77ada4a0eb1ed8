"""Other languages of queries: MongoDB's operators, LDAP filters, XPath."""

import re
from collections.abc import Callable, Iterator
from re import Pattern

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Attempt,
    Nonce,
    PointAgent,
    Proof,
    Safety,
    Severity,
    Sight,
)
from threatweaver_appsec.engine.agents.attacks import excerpt, in_request, numeric, text_of
from threatweaver_appsec.engine.agents.conditions import Condition, condition, conditions, look
from threatweaver_appsec.engine.agents.sql_messages import plain
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point, Where

# What only a reader of the language says of what it was given; that a value has a wrong type is no proof.
MONGO = re.compile(
    r"unknown (top level )?operator: \$|Can't canonicalize query|Mongo(Server)?Error.{0,80}\$\w"
    r"|\$where.{0,60}(SyntaxError|exception)|SyntaxError.{0,80}\$where",
    re.IGNORECASE,
)
LDAP = re.compile(
    r"Bad search filter|Invalid LDAP filter|LDAPInvalidFilterError|malformed filter|ldap.{0,40}filter error"
    r"|InvalidSearchFilterException|Unbalanced parenthesis.{0,20}remaining name|ldap_search\(\): Search"
    r"|System\.DirectoryServices.{0,120}filter is invalid",
    re.IGNORECASE,
)
XPATH = re.compile(
    r"XPathEvalError|XPathException|XPathSyntaxError|XPath\w*.{0,60}Invalid (predicate|expression)"
    r"|xmlXPathEval|MS\.Internal\.Xml\.XPath|System\.Xml\.XPath|javax\.xml\.xpath|SimpleXMLElement::xpath|DOMXPath::"
    r"|(Error in|unclosed|unterminated).{0,20} XPath|org\.apache\.xpath",
    re.IGNORECASE,
)

# An operator that finds what differs from a word: anything (holds), against one that finds it alone.
OPERATOR = Condition(
    lambda v, a, b: {"$ne": f"{a}{v}"} if a == b else {"$eq": f"{a}{b}"},
    lambda v, a, b: {"ne": f"{a}{v}"} if a == b else {"eq": f"{a}{b}"},
)
SCRIPT = (
    condition("{v}' && '{a}'=='{b}", "{v} && '{a}'=='{b}"),
    condition('{v}" && "{a}"=="{b}', '{v} && "{a}"=="{b}'),
)
# A function that XPath has alone: databases read its name as a subtraction of columns that there are not.
XPATHS = (
    condition("{v}' and normalize-space('{a}')='{b}", "{v} and normalize-space('{a}')='{b}"),
    condition('{v}" and normalize-space("{a}")="{b}', '{v} and normalize-space("{a}")="{b}'),
)
XPATH_NUMBER = condition("{v} and normalize-space('{a}')='{b}'", "{v}' and normalize-space('{a}')='{b}'")


def _says(pattern: Pattern[str], says: str) -> Callable[[Sight], Proof | None]:
    def shows(sight: Sight) -> Proof | None:
        if pattern.search(plain(sight.baseline.text)):
            return None
        for one in sight.exchanges:
            text = plain(one.text)
            if found := pattern.search(text):
                return Proof(says=says, excerpt=excerpt(text, *found.span()), exchanges=(one,))
        return None

    return shows


def _mongo(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    word = nonce.word(6)
    shows = _says(MONGO, "The database reads an object in place of the value, and refuses its operator.")
    yield Attempt(({f"${word}": "1"},), shows, ({word: "1"},))
    says = "The database reads an operator that stands in place of the value."
    matters, attempt = look(point, nonce)
    yield attempt
    yield from conditions(point, nonce, (OPERATOR,), says, matters, narrows=False)
    yield from conditions(point, nonce, (OPERATOR,), says, matters, narrows=True)
    broken = _says(MONGO, "A quote in the value makes the database's script fail.")
    yield Attempt((f"{text_of(point, '1')}'\"",), broken, (text_of(point, "1") + word,))
    says = "The answer follows a condition in JavaScript that the value states."
    yield from conditions(point, nonce, SCRIPT, says, matters, narrows=True)


def _ldap(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    value = text_of(point, "1")
    shows = _says(LDAP, "A parenthesis in the value makes the directory refuse the filter.")
    yield Attempt((f"{value}{nonce.word(3)})(|(",), shows, (value + nonce.word(3),))
    says = "The answer follows a condition of LDAP that the value states."
    matters, attempt = look(point, nonce)
    yield attempt
    yield from conditions(point, nonce, LDAP_FILTERS, says, matters, narrows=True)


# (cn=VALUE)(!(cn=a*)...: the filter of a set is closed where it was, so that it stays balanced
LDAP_FILTERS = (
    Condition(
        lambda v, a, b: f"{v})(|(objectClass=*)(cn={a})" if a == b else f"{v})(&(objectClass={b})(cn={a})",
        lambda v, a, b: f"{v}((|(objectClass=*((cn={a})" if a == b else f"{v}((&(objectClass={b}((cn={a})",
    ),
    Condition(
        # fresh words in what holds, too: a registration keeps what it is sent, and finds it as a name later
        lambda v, a, b: f"{v})(!(objectClass={a})" if a == b else f"{v})(objectClass={b}",
        lambda v, a, b: f"{v}((!(objectClass={a})" if a == b else f"{v}((objectClass={b}",
    ),
)


def _xpath(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    value = text_of(point, "1")
    shows = _says(XPATH, "A quote in the value makes the XPath expression invalid.")
    yield Attempt((f"{value}{nonce.number(10, 99)}'\"",), shows, (f"{value}{nonce.number(10, 99)}",))
    kinds = (XPATH_NUMBER, *XPATHS) if numeric(point) else XPATHS
    says = "The answer follows a condition of XPath that the value states."
    matters, attempt = look(point, nonce)
    yield attempt
    yield from conditions(point, nonce, kinds, says, matters, narrows=True)


def _takes_objects(point: Point, baseline: Exchange) -> bool:
    wheres = (Where.JSON, Where.QUERY, Where.FORM)
    return point.where in wheres and in_request(point, baseline) and not isinstance(point.value, bool)


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="nosql",
            title="NoSQL injection",
            cwe=943,
            owasp="A03:2021",
            severity=Severity.CRITICAL,
            safety=Safety.SAFE,
            description="An object with an operator, or code, in place of a value becomes part of a query.",
            remedy="Check that values are text or numbers before they become part of a query; no $where.",
        ),
        wants=_takes_objects,
        attempts=_mongo,
    ),
    PointAgent(
        About(
            id="ldap",
            title="LDAP injection",
            cwe=90,
            owasp="A03:2021",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="A value becomes part of a directory's search filter.",
            remedy="Encode values for LDAP filters (RFC 4515) before they become part of one.",
        ),
        wants=in_request,
        attempts=_ldap,
    ),
    PointAgent(
        About(
            id="xpath",
            title="XPath injection",
            cwe=643,
            owasp="A03:2021",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="A value becomes part of an XPath expression, and decides what it finds.",
            remedy="Pass values as variables of the expression, or allow only letters and digits in them.",
        ),
        wants=in_request,
        attempts=_xpath,
    ),
)
