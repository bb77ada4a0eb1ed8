"""Values that the server reads as something else: an expression, code, an include, a format, a condition."""

import re
import secrets
import sqlite3
from html import escape

from aiohttp import web

from lab.case import Case, Parameter
from lab.pages import form, page, query
from lab.world import world

_SUM = re.compile(r"\$\{\((\d{1,6})\*(\d{1,6})\)\.toString\(\)\}")
_SET = re.compile(r'<!--#set var="(\w+)" value="(\w*)" -->')
_ECHO = re.compile(r'<!--#echo var="(\w+)" -->')
_DIRECTIVE = re.compile(r"(?<!%)(?:%%)*%[ns]")


async def _greet_vulnerable(request: web.Request) -> web.Response:
    """A little of Java's expression language: products as text."""
    text = _SUM.sub(lambda found: str(int(found[1]) * int(found[2])), query(request, "to"))
    return page("Greeting", f"<p>To {escape(text)}, with love.</p>")


async def _greet_safe(request: web.Request) -> web.Response:
    return page(
        "Greeting", f"<p>To {escape(query(request, 'to'))}, with love, {secrets.randbelow(10**6)}.</p>"
    )


async def _reckon_vulnerable(request: web.Request) -> web.Response:
    text = query(request, "width")[:200]
    try:
        names = {"__builtins__": {"chr": chr, "str": str, "int": int}}
        found = str(eval(text, names))  # noqa: S307 - the vulnerability
    except Exception as error:  # noqa: BLE001 - whatever the value does
        found = type(error).__name__
    return page("Reckon", f"<p>A board of {escape(found)} cm.</p>")


async def _reckon_safe(request: web.Request) -> web.Response:
    text = query(request, "width")
    if not text.isdecimal() or len(text) > 6:
        return page("Reckon", f"<p>SyntaxError: {escape(text)} is no width.</p>", status=422)
    return page("Reckon", f"<p>A board of {int(text)} cm.</p>")


async def _letter_vulnerable(request: web.Request) -> web.Response:
    """What a server with includes does to a page before it sends it."""
    text = query(request, "head")[:2_000]
    known = dict(_SET.findall(text))
    return page(
        "Letter", f"<h2>{_ECHO.sub(lambda found: known.get(found[1], '(none)'), _SET.sub('', text))}</h2>"
    )


async def _letter_safe(request: web.Request) -> web.Response:
    return page("Letter", f"<h2>{escape(query(request, 'head'))}</h2>")


async def _print_vulnerable(request: web.Request) -> web.Response:
    """What a program does that gives printf a text of others: it reads what is not there, and dies."""
    if _DIRECTIVE.search(query(request, "label")) and request.transport:
        request.transport.abort()
    return page("Label", "<p>Printed.</p>")


async def _print_safe(_request: web.Request) -> web.Response:
    return page("Label", "<p>Printed.</p>")


async def _enter_vulnerable(request: web.Request) -> web.Response:
    code = await form(request, "code")
    try:
        rows = await world(request).sql(f"SELECT name FROM accounts WHERE secret = '{code}'")
    except sqlite3.Error:
        rows = []
    return _entered(bool(rows))


async def _enter_safe(request: web.Request) -> web.Response:
    code = await form(request, "code")
    return _entered(bool(await world(request).sql("SELECT name FROM accounts WHERE secret = ?", (code,))))


def _entered(good: bool) -> web.Response:  # noqa: FBT001 - the one thing that there is to say
    text = "Welcome, your parcels wait behind the second door." if good else "There is no such code."
    return page("Parcels", f"<p>{text}</p>")


CASES: tuple[Case, ...] = (
    Case(
        name="expression",
        kind="expression",
        cwe=917,
        owasp="A03:2021",
        title="An expression of Java",
        method="GET",
        path="/cards/greeting",
        parameter=Parameter("to", "query"),
        sample={"to": "Robin"},
        description="${…} in a name is worked out.",
        vulnerable=_greet_vulnerable,
        safe=_greet_safe,
    ),
    Case(
        name="code",
        kind="codeinjection",
        cwe=94,
        owasp="A03:2021",
        title="Code of Python",
        method="GET",
        path="/tools/reckon",
        parameter=Parameter("width", "query"),
        sample={"width": "120"},
        description="A width is evaluated; the twin reads a number.",
        vulnerable=_reckon_vulnerable,
        safe=_reckon_safe,
    ),
    Case(
        name="include",
        kind="ssi",
        cwe=97,
        owasp="A03:2021",
        title="A server-side include",
        method="GET",
        path="/cards/letter",
        parameter=Parameter("head", "query"),
        sample={"head": "Hello"},
        description="The page is searched for directives after the value was put into it.",
        vulnerable=_letter_vulnerable,
        safe=_letter_safe,
    ),
    Case(
        name="format-string",
        kind="formatstring",
        cwe=134,
        owasp="A03:2021",
        title="A format of others",
        method="GET",
        path="/tools/label",
        parameter=Parameter("label", "query"),
        sample={"label": "Oak"},
        description="The program that prints reads %n and %s, and breaks off.",
        vulnerable=_print_vulnerable,
        safe=_print_safe,
    ),
    Case(
        name="sqli-bypass",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="SQL injection that finds what it should not",
        method="POST",
        path="/parcels/enter",
        parameter=Parameter("code", "form"),
        sample={"code": "1234"},
        description="Any code is answered alike but one that an account has; errors are not shown.",
        vulnerable=_enter_vulnerable,
        safe=_enter_safe,
    ),
)
