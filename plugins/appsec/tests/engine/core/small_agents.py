"""Agents as small as they can be, for tests of what runs them."""

from threatweaver_appsec.engine.agent import (
    About,
    Attempt,
    Confirmation,
    PointAgent,
    Prober,
    Proof,
    Safety,
    Severity,
    Suspicion,
    Watcher,
)
from threatweaver_appsec.engine.points import Where


def about(ident, **options):
    fields = {
        "title": ident.title(),
        "cwe": 79,
        "owasp": "A03:2021",
        "severity": Severity.HIGH,
        "safety": Safety.SAFE,
        "description": "It is.",
        "remedy": "Mend it.",
    }
    return About(ident, **(fields | options))


def _echoes(point, baseline, nonce):
    """Reflection of a tag: the attack is shown unescaped, the control has no tag to show."""
    word = nonce.word()

    def shows(sight):
        exchange = sight.exchanges[0]
        tag = f"<{word}>"
        return Proof("The tag comes back.", tag, (exchange,)) if tag in exchange.text else None

    yield Attempt((f"{word}",), lambda sight: None, ("x",))
    yield Attempt((f"<{word}>",), shows, (f"&lt;{word}",))


ECHO = PointAgent(about("echo"), lambda point, _: point.where in (Where.QUERY, Where.FORM), _echoes)


def _differs(point, baseline, nonce):
    """An oracle that a target can please by chance: the answer is another one than without the attack."""

    def shows(sight):
        return Proof("It differs.", exchanges=sight.exchanges) if sight.exchanges[0].status == 500 else None

    yield Attempt((f"{nonce.word()}'",), shows, (nonce.word(),))


QUOTE = PointAgent(about("quote", cwe=89), lambda point, _: point.where is Where.QUERY, _differs)


def _fetches(point, baseline, nonce):
    url = nonce.callback()
    if url:
        yield Attempt((url,), lambda sight: Proof("Called.") if url in sight.called else None, ("x",), 1.0)


FETCH = PointAgent(about("fetch", cwe=918), lambda point, _: point.where is Where.QUERY, _fetches)


def _breaks(point, baseline, nonce):
    raise ZeroDivisionError("an agent's mistake")


BROKEN = PointAgent(about("broken"), lambda *_: True, _breaks)
SLEEPY = PointAgent(about("sleepy", safety=Safety.INTRUSIVE), lambda *_: True, lambda *_: iter(()))
SERVER = Watcher(
    about("server", severity=Severity.INFO, per_origin=True),
    lambda exchange: (
        [Proof("It says its version.", key="server")] if exchange.response.header("Server") else []
    ),
)


async def _files(site, nonce):
    from threatweaver_appsec.engine.messages import Request

    async def look(path):
        got = await site.send(Request("GET", site.base + path))
        return Proof("It is there.", exchanges=(got,)) if got.status == 200 else None

    for path in ("/backup.zip", "/missing.zip"):
        if await look(path):
            yield Suspicion(
                lambda nonce, path=path: look(path), lambda nonce, path=path: look(f"/{nonce.word()}.zip")
            )


FILES = Prober(about("files", cwe=538, confirmation=Confirmation(2, 2)), _files)
ALL = (ECHO, QUOTE, FETCH, SERVER, FILES)
