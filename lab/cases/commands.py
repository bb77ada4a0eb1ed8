"""What the server executes: shell commands and templates."""

import asyncio
import re
import secrets
from html import escape

from aiohttp import web
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment

from lab.case import Case, Parameter
from lab.pages import form, page, query
from lab.shell import run

_HOST = re.compile(r"[A-Za-z0-9.-]{1,60}")


async def _lookup_vulnerable(request: web.Request) -> web.Response:
    output = await run("/bin/sh", "-c", f"echo Looking up {query(request, 'host')}")
    return page("Lookup", f"<pre>{escape(output)}</pre>")


async def _lookup_safe(request: web.Request) -> web.Response:
    host = query(request, "host")
    if not _HOST.fullmatch(host):
        return page("Lookup", f"<pre>sh: {escape(host)}: not a host name</pre>", status=400)
    return page("Lookup", f"<pre>{escape(await run('/bin/echo', 'Looking up', host))}</pre>")


async def _convert_vulnerable(request: web.Request) -> web.Response:
    await run("/bin/sh", "-c", f"echo converting {await form(request, 'file')} >/dev/null")
    return page("Convert", "<p>Queued.</p>")


async def _convert_safe(request: web.Request) -> web.Response:
    await asyncio.sleep(secrets.randbelow(400) / 1000)  # a wait that is random: a trap for one measurement
    await run("/bin/echo", "converting", "--", (await form(request, "file")).replace("\0", ""))
    return page("Convert", "<p>Queued.</p>")


async def _card_vulnerable(request: web.Request) -> web.Response:
    # Sandboxed: the template evaluates what it is given, without a way to the machine.
    source = f"Dear {query(request, 'name')}, all the best!"
    try:
        text = SandboxedEnvironment(autoescape=True).from_string(source).render()
    except (TemplateError, ArithmeticError, TypeError, ValueError, OverflowError) as error:
        return page("Card", f"<p>jinja2: {escape(str(error))}</p>", status=500)
    return page("Card", f"<p>{text}</p>")


async def _card_safe(request: web.Request) -> web.Response:
    template = SandboxedEnvironment(autoescape=True).from_string(
        "Dear {{ name }}, all the best! {{ 7 * 7 }} days left."
    )
    return page("Card", f"<p>{template.render(name=query(request, 'name'))}</p>")


CASES: tuple[Case, ...] = (
    Case(
        name="command-output",
        kind="cmdi",
        cwe=78,
        owasp="A03:2021",
        title="Command injection whose output is shown",
        method="GET",
        path="/tools/lookup",
        parameter=Parameter("host", "query"),
        sample={"host": "example.com"},
        description="A host name is pasted into a line for /bin/sh.",
        vulnerable=_lookup_vulnerable,
        safe=_lookup_safe,
    ),
    Case(
        name="command-blind",
        kind="cmdi",
        cwe=78,
        owasp="A03:2021",
        title="Command injection without output",
        method="POST",
        path="/tools/convert",
        parameter=Parameter("file", "form"),
        sample={"file": "plan.txt"},
        description="A file name is pasted into a line for /bin/sh; only time tells.",
        vulnerable=_convert_vulnerable,
        safe=_convert_safe,
    ),
    Case(
        name="ssti",
        kind="ssti",
        cwe=1336,
        owasp="A03:2021",
        title="Template injection",
        method="GET",
        path="/cards/preview",
        parameter=Parameter("name", "query"),
        sample={"name": "Robin"},
        description="A name becomes part of a Jinja template, a value of it in the twin, which shows 49 too.",
        vulnerable=_card_vulnerable,
        safe=_card_safe,
    ),
)
