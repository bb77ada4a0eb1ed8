"""What should not be there to read: files of development, keys, traces of errors."""

import functools
import secrets
import string
import traceback

from aiohttp import web
from cryptography.hazmat.primitives import serialization

from lab.case import Case, Handler, Parameter, Route
from lab.jwt import private_key, public_pem
from lab.pages import page, query

_LETTERS = string.ascii_uppercase + string.digits


@functools.cache
def _secret(kind: str) -> str:
    """Return a secret of this process: none stands in the source, where scanners of ours would find it."""
    if kind == "aws-id":
        return "AKIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
    return "".join(secrets.choice(_LETTERS + string.ascii_lowercase) for _ in range(40))


def _file(content: str, kind: str = "text/plain") -> Handler:
    async def file(_request: web.Request) -> web.Response:
        return web.Response(text=content, content_type=kind)

    return file


async def _env_vulnerable(_request: web.Request) -> web.Response:
    text = f"APP_ENV=production\nDB_HOST=127.0.0.1\nDB_PASSWORD={_secret('database')}\nMAIL_PORT=25\n"
    return web.Response(text=text, content_type="text/plain")


async def _soft_missing(_request: web.Request) -> web.Response:
    """Answer 200 for what is not there, as many sites do."""
    return page("Oops", "<p>DB_PASSWORD and other nonsense are not to be found here.</p>")


async def _forbidden(_request: web.Request) -> web.Response:
    return page("Forbidden", "<p>You may not look into .git/config.</p>", status=403)


async def _missing(_request: web.Request) -> web.Response:
    raise web.HTTPNotFound


async def _listing_vulnerable(_request: web.Request) -> web.Response:
    links = "".join(
        f'<li><a href="{name}">{name}</a></li>' for name in ("../", "invoice-2023.pdf", "old.zip")
    )
    title = "Index of /documents/"
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><ul>{links}"
    return web.Response(text=f"{text}</ul></body></html>", content_type="text/html")


async def _listing_safe(_request: web.Request) -> web.Response:
    return page("Documents", '<p>An index of documents is sent on demand.</p><a href="/recover">Ask</a>')


async def _bundle_vulnerable(_request: web.Request) -> web.Response:
    config = f'aws:{{accessKeyId:"{_secret("aws-id")}",secretAccessKey:"{_secret("aws-key")}"}}'
    text = f'window.config={{{config},jwtSecret:"{_secret("jwt")}"}};'
    return web.Response(text=text, content_type="text/javascript")


async def _bundle_safe(_request: web.Request) -> web.Response:
    text = (
        'window.config={aws:{accessKeyId:"<your key id>",secretAccessKey:process.env.AWS_SECRET_ACCESS_KEY},'
        f'jwtSecret:"",build:"{secrets.token_hex(20)}",integrity:"sha384-{secrets.token_urlsafe(48)}"}};'
    )
    return web.Response(text=text, content_type="text/javascript")


async def _loader(_request: web.Request) -> web.Response:
    return page("Offers", '<script src="/assets/bundle.js"></script><p>Offers of the day.</p>')


async def _key_vulnerable(_request: web.Request) -> web.Response:
    text = private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return page("Support", f"<p>Your bundle:</p><pre>{text.decode()}</pre>")


async def _key_safe(_request: web.Request) -> web.Response:
    return page(
        "Support",
        f"<p>Our key; the PRIVATE KEY stays with you:</p><pre>{public_pem().decode()}</pre>",
    )


async def _report_verbose(request: web.Request) -> web.Response:
    try:
        year = int(query(request, "year"))
    except ValueError:
        return web.Response(status=500, text=traceback.format_exc(), content_type="text/plain")
    return page("Report", f"<p>In {year} all went well.</p>")


async def _report_safe(request: web.Request) -> web.Response:
    try:
        year = int(query(request, "year"))
    except ValueError:
        text = f"<p>Error {secrets.token_hex(4)}: the most recent call of the service failed. Try again.</p>"
        return page("Report", text, status=500)
    return page("Report", f"<p>In {year} all went well.</p>")


_GIT = '[core]\n\trepositoryformatversion = 0\n[remote "origin"]\n\turl = https://git.example.com/shop.git\n'
_BACKUP = "<?php\n$db = new mysqli('localhost', 'shop', getenv('SHOP_DB'));\n// checked by hand\n"

CASES: tuple[Case, ...] = (
    Case(
        name="file-git",
        kind="infodisclosure",
        cwe=527,
        owasp="A05:2021",
        title="A repository",
        method="GET",
        path="/.git/config",
        listed=False,
        description="The folder .git was deployed.",
        vulnerable=_file(_GIT),
        safe=_forbidden,
        more=(
            Route(
                method="GET", path="/.git/HEAD", vulnerable=_file("ref: refs/heads/main\n"), safe=_forbidden
            ),
        ),
    ),
    Case(
        name="file-env",
        kind="infodisclosure",
        cwe=538,
        owasp="A05:2021",
        title="A file of settings",
        method="GET",
        path="/.env",
        listed=False,
        description="The file .env was deployed; the twin answers 200 and a page that says there is none.",
        vulnerable=_env_vulnerable,
        safe=_soft_missing,
    ),
    Case(
        name="file-backup",
        kind="infodisclosure",
        cwe=530,
        owasp="A05:2021",
        title="A backup of source",
        method="GET",
        path="/config.php.bak",
        listed=False,
        description="An editor left it there.",
        vulnerable=_file(_BACKUP),
        safe=_missing,
    ),
    Case(
        name="directory-listing",
        kind="infodisclosure",
        cwe=548,
        owasp="A05:2021",
        title="A folder that lists its files",
        method="GET",
        path="/documents/",
        description="The server makes an index where there is none.",
        vulnerable=_listing_vulnerable,
        safe=_listing_safe,
    ),
    Case(
        name="secret-script",
        kind="secretexposure",
        cwe=798,
        owasp="A05:2021",
        title="Keys in a script",
        method="GET",
        path="/assets/bundle.js",
        description="Made for the server, sent to browsers; the twin has names, hashes and placeholders.",
        vulnerable=_bundle_vulnerable,
        safe=_bundle_safe,
        more=(Route(method="GET", path="/offers", vulnerable=_loader),),
    ),
    Case(
        name="secret-key",
        kind="secretexposure",
        cwe=321,
        owasp="A02:2021",
        title="A private key in a page",
        method="GET",
        path="/support/bundle",
        description="Too much was packed; the twin's page shows a public key.",
        vulnerable=_key_vulnerable,
        safe=_key_safe,
    ),
    Case(
        name="verbose-error",
        kind="infodisclosure",
        cwe=209,
        owasp="A05:2021",
        title="A stack trace",
        method="GET",
        path="/report",
        parameter=Parameter("year", "query"),
        sample={"year": "2024"},
        description="What is no number shows the program's insides; the twin answers 500 and a number.",
        vulnerable=_report_verbose,
        safe=_report_safe,
    ),
)
