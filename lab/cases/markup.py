"""What pages say and load: how they send passwords, whose scripts they run, what their comments tell."""

from aiohttp import web

from lab.case import Case, Handler, Route
from lab.pages import page

_WORD = "Tr0mbone-" + "7351"  # put together here: scanners of ours would find it in the source


def _shown(title: str, body: str) -> Handler:
    async def shown(_request: web.Request) -> web.Response:
        return page(title, body)

    return shown


def _form(attributes: str, field: str = "") -> str:
    fields = f'<input name="who"><input name="word" type="password" {field}>'
    return f"<form {attributes}>{fields}<button>Go</button></form>"


def _script(tail: str) -> Handler:
    async def script(_request: web.Request) -> web.Response:
        return web.Response(text=f"window.menu=1;\n{tail}", content_type="text/javascript")

    return script


async def _unclaimed(_request: web.Request) -> web.Response:
    text = "<html><body><h1>404</h1><p>There isn't a GitHub Pages site here.</p></body></html>"
    return web.Response(status=404, text=text, content_type="text/html")


def _case(name: str, kind: str, cwe: int, path: str, title: str, bodies: tuple[str, str]) -> Case:
    """Return a case: one page, with the one body or the other."""
    bad, good = bodies
    return Case(
        name=name,
        kind=kind,
        cwe=cwe,
        owasp="A02:2021" if cwe in {319, 598} else "A05:2021",
        title=title,
        method="GET",
        path=path,
        description=f"{title}; the twin's page does not.",
        vulnerable=_shown(name.replace("-", " ").capitalize(), bad),
        safe=_shown(name.replace("-", " ").capitalize(), good),
    )


_POST = 'method="post" action="/office/enter"'
_FAR = "//cdn.example.com/menu.js"
_PINNED = 'integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"'

CASES: tuple[Case, ...] = (
    _case("gate-address", "passwordinaddress", 598, "/gate/short", "A form sends its password by GET",
          (_form('action="/gate/enter"'), _form(_POST))),
    _case("gate-clear", "passwordinclear", 319, "/gate/partner", "A form sends its password over plain HTTP",
          (_form('method="post" action="http://partner.example.com/enter"'),
          _form('method="post" action="https://partner.example.com/enter"'))),
    _case("gate-remembered", "autocomplete", 522, "/gate/kiosk", "A password field asks to be remembered",
          (_form(_POST, 'autocomplete="on"'), _form(_POST, 'autocomplete="current-password"'))),
    _case("mixed-content", "mixedcontent", 311, "/catalog/print", "A page loads a script over plain HTTP",
          (f'<script src="http:{_FAR}"></script>', f'<script src="https:{_FAR}" {_PINNED}></script>')),
    _case("foreign-script", "sri", 353, "/catalog/menu", "A page runs whatever another site says",
          (f'<script src="https:{_FAR}"></script>', f'<script src="https:{_FAR}" {_PINNED}></script>')),
    _case("session-address", "sessioninaddress", 598, "/basket/share", "A link has a session in its address",
          ('<a href="/checkout?sid=8f2b19c07de34a56b1">Pay</a>', '<a href="/checkout?step=8">Pay</a>')),
    _case("comment", "infodisclosure", 615, "/imprint", "A comment has credentials",
          (f"<!-- staging: password={_WORD} --><p>Home Ltd.</p>", "<!-- password: none --><p>Home Ltd.</p>")),
    Case(
        name="source-map",
        kind="infodisclosure",
        cwe=540,
        owasp="A05:2021",
        title="A script names the map to its source",
        method="GET",
        path="/assets/menu.js",
        description="The build left the map's name in what it made.",
        vulnerable=_script("//# sourceMappingURL=menu.js.map\n"),
        safe=_script("// sourceMappingURL is left out\n"),
        more=(
            Route(
                method="GET",
                path="/menu",
                vulnerable=_shown("Menu", '<script src="/assets/menu.js"></script>'),
            ),
        ),
    ),
    Case(
        name="unclaimed-name",
        kind="takeover",
        cwe=350,
        owasp="A05:2021",
        title="A service that does not know the name",
        method="GET",
        path="/blog",
        description="What is behind the name was given up, the name was not.",
        vulnerable=_unclaimed,
        safe=_shown("Blog", "<p>There isn't a word on GitHub Pages here.</p>"),
    ),
)  # fmt: skip
