"""What was left on: debuggers, status pages, dumps, maintenance, methods, old versions, other ways in."""

import secrets

from aiohttp import web

from lab.case import Case, Handler, Route
from lab.pages import answer, page, query
from lab.world import START, need_user, user_of, world

_DEBUGGER = 'document.EVALEX = true; fetch("?__debugger__=yes&cmd=pinauth");'
_DUMP = "-- MySQL dump 10.13\nCREATE TABLE stock (id INT);\nINSERT INTO stock VALUES (1);\n"
_PRICES = "<?php\n// prices of the week\necho number_format($lamp, 2);\n"
_PAY = {"staff": [{"name": "Ada", "salary": 5100}, {"name": "Ben", "salary": 4900}], "month": "May"}


def _text(content: str, kind: str = "text/plain") -> Handler:
    async def text(_request: web.Request) -> web.Response:
        return web.Response(text=content, content_type=kind)

    return text


async def _missing(_request: web.Request) -> web.Response:
    raise web.HTTPNotFound


def _start(*, debugged: bool) -> Handler:
    """The start page; where a debugger is on, that answers its own questions at any address."""

    async def start(request: web.Request) -> web.StreamResponse:
        asked = tuple(query(request, name) for name in ("__debugger__", "cmd", "f"))
        if debugged and asked == ("yes", "resource", "debugger.js"):
            return web.Response(text=_DEBUGGER, content_type="text/javascript")
        return await request.app[START](request)

    return start


async def _status(_request: web.Request) -> web.Response:
    text = "<html><head><title>Apache Status</title></head><body><h1>Apache Status</h1>8 idle workers</body>"
    return web.Response(text=text, content_type="text/html")


async def _no_status(_request: web.Request) -> web.Response:
    return page("Status", "<p>The Apache Status page is for administrators.</p>", status=403)


def _jobs(*, guarded: bool) -> Handler:
    async def jobs(request: web.Request) -> web.Response:
        if guarded and user_of(request) != "admin":
            raise web.HTTPFound("/login")
        rows = "".join(f"<tr><td>{name}</td><td>{when}</td></tr>" for name, when in _JOBS)
        return page("Jobs of the shop", f"<table>{rows}</table>")

    return jobs


_JOBS = (("send the bills", "at 6"), ("count the stock", "at 7"), ("mirror the catalog", "at 8"))


def _rebuild(*, guarded: bool) -> Handler:
    async def rebuild(request: web.Request) -> web.Response:
        if guarded and user_of(request) != "admin":
            raise web.HTTPFound("/login")
        count = world(request).state["rebuilt"]
        count["times"] = count.get("times", 0) + 1
        return page("Rebuilt", f"<p>All data was built anew, {secrets.randbelow(900) + 100} rows.</p>")

    return rebuild


async def _trace(request: web.Request) -> web.Response:
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return web.Response(text=f"TRACE {request.path} HTTP/1.1\r\n{lines}", content_type="message/http")


async def _no_trace(_request: web.Request) -> web.Response:
    return web.Response(status=405, text="405: Method Not Allowed", headers={"Allow": "GET"})


def _put(*, stores: bool) -> Handler:
    async def put(request: web.Request) -> web.Response:
        if not stores:
            return web.Response(status=403, text="Read only.")
        files = world(request).state["dropbox"]
        if len(files) < 100:
            files[request.match_info["name"]] = (await request.read())[:10_000]
        return web.Response(status=201)

    return put


async def _get(request: web.Request) -> web.Response:
    body = world(request).state["dropbox"].get(request.match_info["name"])
    if body is None:
        raise web.HTTPNotFound
    return web.Response(body=body, content_type="text/plain")


async def _delete(request: web.Request) -> web.Response:
    world(request).state["dropbox"].pop(request.match_info["name"], None)
    return web.Response(status=204)


def _payroll(*, believes: bool) -> Handler:
    async def payroll(request: web.Request) -> web.Response:
        if not (believes and request.headers.get("X-Forwarded-For") == "127.0.0.1"):
            need_user(request)
        return answer(_PAY)

    return payroll


async def _contracts(request: web.Request) -> web.Response:
    need_user(request)
    return answer(
        {"contracts": [{"partner": "Oak Ltd", "until": "May"}, {"partner": "Elm Ltd", "until": "June"}]}
    )


async def _contracts_open(_request: web.Request) -> web.Response:
    return answer(
        {"contracts": [{"partner": "Oak Ltd", "until": "May"}, {"partner": "Elm Ltd", "until": "June"}]}
    )


async def _gone(_request: web.Request) -> web.Response:
    return answer({"error": "use /api/v6/contracts"}, 410)


CASES: tuple[Case, ...] = (
    Case(
        name="debugger",
        kind="debug",
        cwe=489,
        owasp="A05:2021",
        title="A debugger that is on",
        method="GET",
        path="/",
        listed=False,
        description="Whatever the path, ?__debugger__=yes asks the debugger, which has a console.",
        vulnerable=_start(debugged=True),
        safe=_start(debugged=False),
    ),
    Case(
        name="status-page",
        kind="infodisclosure",
        cwe=497,
        owasp="A05:2021",
        title="The status of the server",
        method="GET",
        path="/server-status",
        listed=False,
        description="Made for who runs the server, answered to anybody.",
        vulnerable=_status,
        safe=_no_status,
    ),
    Case(
        name="file-dump",
        kind="infodisclosure",
        cwe=530,
        owasp="A05:2021",
        title="A dump of the database",
        method="GET",
        path="/dump.sql",
        listed=False,
        description="Made before an update, and forgotten.",
        vulnerable=_text(_DUMP),
        safe=_missing,
    ),
    Case(
        name="file-copy",
        kind="infodisclosure",
        cwe=530,
        owasp="A05:2021",
        title="A copy of a script beside it",
        method="GET",
        path="/prices.php.bak",
        listed=False,
        description="The script runs, its copy is shown.",
        vulnerable=_text(_PRICES),
        safe=_missing,
        more=(Route(method="GET", path="/prices.php", vulnerable=_text("30.00", "text/html")),),
    ),
    Case(
        name="open-administration",
        kind="unauth",
        cwe=306,
        owasp="API5:2023",
        title="Administration without a login",
        method="GET",
        path="/manage/jobs",
        description="Nobody is asked who they are.",
        vulnerable=_jobs(guarded=False),
        safe=_jobs(guarded=True),
    ),
    Case(
        name="open-maintenance",
        kind="unauth",
        cwe=306,
        owasp="API5:2023",
        title="Maintenance without a login",
        method="GET",
        path="/office/rebuild-data",
        description="Whoever follows the link has the data built anew.",
        vulnerable=_rebuild(guarded=False),
        safe=_rebuild(guarded=True),
    ),
    Case(
        name="trace",
        kind="trace",
        cwe=693,
        owasp="A05:2021",
        title="TRACE is answered",
        method="TRACE",
        path="/",
        listed=False,
        description="With the request, its cookies included.",
        vulnerable=_trace,
        safe=_no_trace,
    ),
    Case(
        name="put-file",
        kind="upload",
        cwe=650,
        owasp="A05:2021",
        title="PUT stores a file",
        method="PUT",
        path="/dropbox/{name}",
        listed=False,
        description="Anybody's file is served from then on.",
        vulnerable=_put(stores=True),
        safe=_put(stores=False),
        more=(
            Route(method="GET", path="/dropbox/readme", vulnerable=_text("Files of the day.")),
            Route(method="GET", path="/dropbox/{name}", vulnerable=_get),
            Route(method="DELETE", path="/dropbox/{name}", vulnerable=_delete),
        ),
    ),
    Case(
        name="access-bypass",
        kind="accessbypass",
        cwe=288,
        owasp="A01:2021",
        title="A header that opens what needs a login",
        method="GET",
        path="/api/payroll",
        needs="login",
        api=True,
        description="X-Forwarded-For: 127.0.0.1 passes for the proxy's own health check.",
        vulnerable=_payroll(believes=True),
        safe=_payroll(believes=False),
    ),
    Case(
        name="old-version",
        kind="oldversion",
        cwe=1059,
        owasp="API9:2023",
        title="An old version that asks nobody",
        method="GET",
        path="/api/v5/contracts",
        listed=False,
        description="/api/v6 needs a login; v5 was left running.",
        vulnerable=_contracts_open,
        safe=_gone,
        more=(Route(method="GET", path="/api/v6/contracts", vulnerable=_contracts),),
    ),
)
