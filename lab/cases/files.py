"""Files and addresses that a request names: traversal, inclusion, requests from the server, uploads."""

import secrets
from html import escape
from pathlib import Path

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.loopback import fetch
from lab.pages import BARE, answer, document, page, query
from lab.world import world

_TEXTS = {
    "welcome.txt": "Welcome to our shop.",
    "terms.txt": "Pay first.",
    "about.html": "<p>Since 1987.</p>",
}
_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".svg": "image/svg+xml",
    ".php": "application/x-httpd-php",
}
_IMAGES = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".gif": b"GIF8"}


def _folder(request: web.Request, name: str) -> Path:
    """Return a folder of the application's own, with its files."""
    folder = world(request).folder / name
    if not folder.exists():
        folder.mkdir()
        if name == "texts":
            for file, text in _TEXTS.items():
                (folder / file).write_text(text)
    return folder


async def _download_vulnerable(request: web.Request) -> web.Response:
    try:
        text = (_folder(request, "texts") / query(request, "file")).read_bytes()[:50_000]
    except (OSError, ValueError):
        return page("Download", "<p>No such file.</p>", status=404)
    return web.Response(body=text, content_type="text/plain")


async def _download_safe(request: web.Request) -> web.Response:
    name = query(request, "file")
    if name not in _TEXTS:
        # Names the file that was asked for, and even a root: text that looks like a hit to a careless eye.
        return page("Download", f"<p>{escape(name)} is not below root:/texts</p>", status=404)
    return web.Response(body=(_folder(request, "texts") / name).read_bytes(), content_type="text/plain")


async def _show_vulnerable(request: web.Request) -> web.Response:
    try:
        text = (_folder(request, "texts") / query(request, "page")).read_text(errors="replace")[:50_000]
    except (OSError, ValueError):
        name = escape(query(request, "page"))
        return page("Page", f"<p>Warning: include({name}): failed to open stream</p>")
    return page("Page", text)


async def _show_safe(request: web.Request) -> web.Response:
    name = query(request, "page") if query(request, "page") in _TEXTS else "about.html"
    return page("Page", (_folder(request, "texts") / name).read_text())


async def _widget_vulnerable(request: web.Request) -> web.Response:
    try:
        return page("Widget", await fetch(query(request, "src")))
    except ValueError:
        return page("Widget", "<p>Nothing to show.</p>")


async def _widget_safe(request: web.Request) -> web.Response:
    return page("Widget", f"<p>{escape(query(request, 'src'))} is not one of our widgets.</p>")


async def _preview_vulnerable(request: web.Request) -> web.Response:
    url = (await document(request)).get("url", "")
    try:
        return answer({"status": "fetched", "start": (await fetch(str(url)))[:500]})
    except ValueError as error:
        return answer({"status": "failed", "reason": str(error)}, 502)


async def _preview_safe(request: web.Request) -> web.Response:
    url = str((await document(request)).get("url", ""))
    if url != f"{world(request).base}/rooms":
        return answer({"status": "refused", "reason": f"{url} is not on the list"})
    return answer({"status": "fetched", "start": (await fetch(url))[:500]})


def _upload(*, checked: bool) -> Handler:
    async def upload(request: web.Request) -> web.Response:
        file = (await request.post()).get("picture")
        if not isinstance(file, web.FileField):
            return page("Pictures", "<p>Choose a file.</p>")
        content = file.file.read(1024**2)
        name = Path(file.filename).name
        if checked:
            magic = _IMAGES.get(Path(name).suffix.lower())
            if magic is None or not content.startswith(magic):
                return page("Pictures", f"<p>{escape(name)} is not a picture.</p>", status=422)
            name = f"{secrets.token_hex(8)}{Path(name).suffix.lower()}"
        (_folder(request, "uploads") / f"_{name}").write_bytes(content)
        return page(
            "Pictures", f'<p>Saved as <a href="/pictures/{escape(name)}">/pictures/{escape(name)}</a></p>'
        )

    return upload


def _picture(*, checked: bool) -> Handler:
    async def picture(request: web.Request) -> web.Response:
        name = Path(request.match_info["name"]).name
        path = _folder(request, "uploads") / f"_{name}"
        if not path.exists():
            raise web.HTTPNotFound
        if checked:
            headers = {"Content-Disposition": "attachment"}
            return web.Response(
                body=path.read_bytes(), content_type="application/octet-stream", headers=headers
            )
        request[BARE] = frozenset({"content-security-policy", "x-content-type-options"})
        return web.Response(body=path.read_bytes(), content_type=_TYPES.get(path.suffix.lower(), "image/png"))

    return picture


CASES: tuple[Case, ...] = (
    Case(
        name="traversal",
        kind="traversal",
        cwe=22,
        owasp="A01:2021",
        title="Path traversal",
        method="GET",
        path="/download",
        parameter=Parameter("file", "query"),
        sample={"file": "welcome.txt"},
        description="A file's name may lead out of its folder.",
        vulnerable=_download_vulnerable,
        safe=_download_safe,
    ),
    Case(
        name="file-inclusion",
        kind="lfi",
        cwe=98,
        owasp="A03:2021",
        title="Local file inclusion",
        method="GET",
        path="/show",
        parameter=Parameter("page", "query"),
        sample={"page": "about.html"},
        description="Any file becomes part of a page.",
        vulnerable=_show_vulnerable,
        safe=_show_safe,
    ),
    Case(
        name="file-inclusion-remote",
        kind="rfi",
        cwe=98,
        owasp="A03:2021",
        title="Remote file inclusion",
        method="GET",
        path="/widget",
        parameter=Parameter("src", "query"),
        sample={"src": "http://127.0.0.1/clock.html"},
        needs="callback",
        description="What an address answers becomes part of a page.",
        vulnerable=_widget_vulnerable,
        safe=_widget_safe,
    ),
    Case(
        name="ssrf",
        kind="ssrf",
        cwe=918,
        owasp="API7:2023",
        title="Requests from the server",
        method="POST",
        path="/api/preview",
        parameter=Parameter("url", "json"),
        sample={"url": "http://127.0.0.1/rooms"},
        needs="callback",
        api=True,
        description="The server fetches any address (of loopback: it is a lab).",
        vulnerable=_preview_vulnerable,
        safe=_preview_safe,
    ),
    Case(
        name="upload",
        kind="upload",
        cwe=434,
        owasp="A04:2021",
        title="Upload of active content",
        method="POST",
        path="/pictures",
        parameter=Parameter("picture", "multipart"),
        sample={"picture": ""},
        description="Any file is kept under its name and served with the type of its ending.",
        vulnerable=_upload(checked=False),
        safe=_upload(checked=True),
        more=(
            Route(
                method="GET",
                path="/pictures/{name}",
                vulnerable=_picture(checked=False),
                safe=_picture(checked=True),
            ),
        ),
    ),
)
