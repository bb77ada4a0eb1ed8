"""Scripts of a page that write what stands in its address into the page: seen in their text, not run."""

import re
from collections.abc import Iterator
from itertools import islice

from threatweaver_appsec.engine.agent import About, Agent, Proof, Safety, Severity, Watcher
from threatweaver_appsec.engine.agents.contexts import renders
from threatweaver_appsec.engine.agents.markup import Kind, tokens
from threatweaver_appsec.engine.messages import Exchange

SOURCE = (
    r"(?:(?:window\.|document\.)?location(?:\.(?:hash|search|href)\b)|document\.(?:URL|documentURI|referrer)\b"
    r"|window\.name\b)"
)
# Each begins with a letter, which Python looks for fast; whether a word begins there is asked after it.
SINK = (
    r"(?:document\.write(?:ln)?\s*\(|\.(?:inner|outer)HTML\s*\+?=(?!=)|eval(?<!\weval)\s*\("
    r"|\.insertAdjacentHTML\s*\(|\.(?:html|append|prepend)\s*\(|new(?<!\wnew)\s+Function\s*\("
    r"|set(?<!\wset)(?:Timeout|Interval)\s*\(\s*(?=[^f(\s]))"
)
MOST_ASSIGNED = 60  # variables of one script that are followed
FARTHEST = 20_000  # characters from where one is set to where it is used
SAFE = re.compile(
    r"encodeURIComponent|escapeHtml|\bescape\s*\(|DOMPurify|sanitize|parseInt|Number\(|textContent",
    re.IGNORECASE,
)
# What stands before the # of an address is encoded by every browser: it is no markup until it is decoded, but
# it is code.
AS_IT_IS = re.compile(
    r"location\.hash|window\.name|decodeURI|unescape\s*\(|URLSearchParams|searchParams|\beval\s*\(|new\s+Function"
    r"|set(?:Timeout|Interval)"
)
DIRECT = re.compile(rf"{SINK}[^;\n]{{0,300}}?{SOURCE}")
ASSIGNED = re.compile(
    rf"(?:\b(?:var|let|const)\s{{1,20}})?\b([A-Za-z_$][\w$]{{0,60}})\s{{0,20}}=(?!=)[^;\n]{{0,200}}?{SOURCE}"
    r"[^;\n]{0,200}"
)


LITERAL = re.compile(r"'(?:[^'\\\n]|\\.){0,500}'|\"(?:[^\"\\\n]|\\.){0,500}\"")


def flows(script: str) -> Iterator[str]:
    """Yield the parts of a script in which an address reaches the page without being encoded.

    Once more without what stands in quotes, since a semicolon in a text of markup ends no statement.
    """
    yield from _flows(script)
    yield from _flows(LITERAL.sub("''", script))


def _flows(script: str) -> Iterator[str]:
    for found in DIRECT.finditer(script):
        line = script[found.start() : (script.find(";", found.end()) + 1) or len(script)][:600]
        if _is_open(line):
            yield line
    for found in islice(ASSIGNED.finditer(script), MOST_ASSIGNED):
        if SAFE.search(found.group()):
            continue
        used = re.compile(rf"{SINK}[^;\n]{{0,300}}?\b{re.escape(found.group(1))}\b[^;\n]{{0,200}}")
        later = used.search(script, found.end(), found.end() + FARTHEST)
        if later and _is_open(both := f"{found.group().strip()} … {later.group()}"):
            yield both[:600]


def _is_open(line: str) -> bool:
    return not SAFE.search(line) and bool(AS_IT_IS.search(line))


def _look(exchange: Exchange) -> Iterator[Proof]:
    if exchange.response is None or not renders(exchange.response) or exchange.status >= 400:
        return
    for token in tokens(exchange.text):
        if token.kind is not Kind.SCRIPT:
            continue
        for line in flows(exchange.text[token.start : token.end][:100_000]):
            yield Proof(
                says="A script of the page writes a part of the page's address into it, and encodes nothing.",
                excerpt=line[:400],
                exchanges=(exchange,),
                key=re.sub(r"\W+", "", line)[:60],
            )
            break


AGENTS: tuple[Agent, ...] = (
    Watcher(
        About(
            id="dom-xss",
            title="DOM-based cross-site scripting",
            cwe=79,
            owasp="A03:2021",
            severity=Severity.MEDIUM,
            safety=Safety.PASSIVE,
            description="A script puts what stands in the page's address into the page as markup or as code.",
            remedy="Use textContent, or encode what comes from the address before it is written.",
            per_origin=True,
        ),
        look=_look,
    ),
)
