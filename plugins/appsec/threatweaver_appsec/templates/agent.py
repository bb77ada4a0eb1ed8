"""From a template to an agent of the engine: asked twice, and beside it a place that is not there."""

from collections.abc import AsyncIterator
from functools import partial

from threatweaver_appsec.engine.agent import About, Nonce, Prober, Proof, Safety, Severity, Site, Suspicion
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.templates.reading import Ask, Matcher, Template


def agent_of(template: Template) -> Prober:
    """Return the agent that looks for what a template describes."""
    writes = any(ask.method == "POST" for ask in template.asks)
    about = About(
        f"custom.{template.key}",
        template.name,
        template.cwe,
        Severity(template.severity),
        template.description or template.name,
        template.remedy,
        owasp="A05:2021",
        safety=Safety.INTRUSIVE if writes else Safety.SAFE,
    )

    async def probe(site: Site, _: Nonce) -> AsyncIterator[Suspicion]:
        for ask in template.asks:
            if await _look(site, ask, ask.path):
                yield Suspicion(partial(_again, site, ask), partial(_elsewhere, site, ask))

    return Prober(about, probe)


async def _again(site: Site, ask: Ask, _: Nonce) -> Proof | None:
    return await _look(site, ask, ask.path)


async def _elsewhere(site: Site, ask: Ask, nonce: Nonce) -> Proof | None:
    """Where nothing is, the same must not show: a page for everything matches everything."""
    path = ask.path.partition("?")[0].rstrip("/")
    return await _look(site, ask, f"{path.rpartition('/')[0]}/{nonce.word(12)}")


async def _look(site: Site, ask: Ask, path: str) -> Proof | None:
    request = Request(ask.method, site.base + path, ask.headers, ask.body.encode())
    got = await site.send(request)
    if got.response is None or not _shows(ask, got):
        return None
    words = [word for one in ask.matchers if not one.negative for word in one.words if word in got.text]
    return Proof("The answer is as the template describes.", words[0] if words else "", (got,), key=ask.path)


def _shows(ask: Ask, got: Exchange) -> bool:
    found = [_matches(one, got) for one in ask.matchers]
    return all(found) if ask.every else any(found)


def _matches(one: Matcher, got: Exchange) -> bool:
    if one.kind == "status":
        return (got.status in one.statuses) is not one.negative
    headers = "\n".join(f"{name}: {value}" for name, value in got.response.headers) if got.response else ""
    text = {"body": got.text, "header": headers}.get(one.part, f"{headers}\n\n{got.text}")
    found = [word in text for word in one.words]
    return (all(found) if one.every else any(found)) is not one.negative
