"""URLs as browsers read them: joined, cleaned, and written in one way."""

import posixpath
import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

LONGEST = 4_000  # what is longer is generated, and many servers refuse it
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#;]*", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_STATIC = re.compile(
    r"\.(?:png|jpe?g|gif|webp|avif|ico|bmp|tiff?|svg|css|less|scss|woff2?|ttf|otf|eot|mp[34]|m4[av]|avi|mov|webm|"
    r"og[gv]|wav|flac|pdf|docx?|xlsx?|pptx?|zip|gz|tgz|bz2|xz|7z|rar|jar|war|iso|exe|msi|dmg|deb|rpm|apk|map)$",
    re.IGNORECASE,
)


def canonical(url: str, base: str = "") -> str | None:
    """Return the absolute URL without fragment, None of what is no http(s) URL or longer than `LONGEST`.

    Scheme and host are lower case, a default port and a session's id in the path are left out, dots are
    resolved, and what may not stand in a URL is encoded as a browser does.
    """
    if len(url) > LONGEST:
        return None
    try:
        parts = urlsplit(urljoin(base, _CONTROLS.sub("", url.strip().replace("\\", "/"))))
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host.encode("idna").decode() if not host.isascii() else host
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in _PORTS or not host or re.search(r"[^\w.:-]", host):
        return None
    host = f"[{host}]" if ":" in host else host
    netloc = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    path = _path(_SESSION.sub("", parts.path))
    query = _encoded(parts.query, "/?:@!$&'()*+,;=~-._%[]{}|^`")
    whole = urlunsplit((parts.scheme, netloc, path, query, ""))
    return whole if len(whole) <= LONGEST else None


def is_static(url: str) -> bool:
    """Return whether the URL names a picture, a style, a font, a film or an archive, and asks it nothing."""
    parts = urlsplit(url)
    return not parts.query and _STATIC.search(parts.path) is not None


def origin(url: str) -> str:
    """Return scheme, host and port as they are written in a canonical URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _path(path: str) -> str:
    path = _encoded(path or "/", "/:@!$&'()*+,;=~-._%")
    if "/." in path or "//" in path:
        plain = posixpath.normpath("/" + path.lstrip("/"))
        ends = path.endswith(("/", "/.", "/.."))
        path = plain + "/" if ends and plain != "/" else plain
    return path if path.startswith("/") else f"/{path}"


def _encoded(text: str, safe: str) -> str:
    """Encode what may not stand there; percent signs are kept where they encode something."""
    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(text, safe=safe, errors="replace")
