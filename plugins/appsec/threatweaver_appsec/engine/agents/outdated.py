"""Outdated components: versions that scripts and headers state, asked of known advisories."""

import re
from collections.abc import Iterator

from threatweaver_appsec.engine.agent import About, Agent, Proof, Safety, Severity, Watcher
from threatweaver_appsec.engine.components import Component, Lookup
from threatweaver_appsec.engine.messages import Exchange

VERSION = r"(\d+\.\d+(?:\.\d+)?(?:-(?:alpha|beta|rc)[\w.]*)?)"
SCRIPT = re.compile(r"<script[^>]+src\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
NAMES: dict[str, str] = {
    "jquery": "jquery",
    "jquery-ui": "jquery-ui",
    "jquery.ui": "jquery-ui",
    "jqueryui": "jquery-ui",
    "jquery-migrate": "jquery-migrate",
    "jquery.validate": "jquery-validation",
    "bootstrap": "bootstrap",
    "bootstrap.bundle": "bootstrap",
    "angular": "angular",
    "angularjs": "angular",
    "angular.js": "angular",
    "vue": "vue",
    "lodash": "lodash",
    "underscore": "underscore",
    "moment": "moment",
    "handlebars": "handlebars",
    "dompurify": "dompurify",
    "purify": "dompurify",
    "axios": "axios",
    "knockout": "knockout",
    "ember": "ember-source",
    "react": "react",
    "react-dom": "react-dom",
    "next": "next",
    "tinymce": "tinymce",
    "ckeditor": "ckeditor4",
    "marked": "marked",
    "highcharts": "highcharts",
    "datatables.net": "datatables.net",
    "select2": "select2",
    "prototype": "prototype",
    "backbone": "backbone",
    "mustache": "mustache",
    "socket.io": "socket.io-client",
    "chart.js": "chart.js",
    "pdfjs-dist": "pdfjs-dist",
}
IN_FILE = re.compile(
    rf"/([a-z][\w.]*?(?:-[a-z]+)*?)[-.@]v?{VERSION}(?:[.-](?:slim|min|bundle|esm|prod|global))*\.js",
    re.IGNORECASE,
)
IN_PATH = re.compile(rf"/([a-z][\w.-]*?)(?:@|/)v?{VERSION}/", re.IGNORECASE)
IN_QUERY = re.compile(rf"/([a-z][\w.-]*?)(?:\.min)?\.js\?(?:v|ver|version)=v?{VERSION}$", re.IGNORECASE)
BANNER = re.compile(
    rf"/\*[!*]?[\s*]*(?:@license\s+)?(jQuery UI|jQuery Migrate|jQuery|Bootstrap|AngularJS|Vue\.js|Lodash"
    rf"|lodash|Underscore\.js|Handlebars|handlebars|Knockout|DOMPurify|Prototype|Backbone\.js)"
    rf"(?: JavaScript Library| - | -|, version|:)?\s*v?{VERSION}"
)
BANNER_NAMES = {
    "jquery ui": "jquery-ui",
    "jquery migrate": "jquery-migrate",
    "angularjs": "angular",
    "vue.js": "vue",
    "underscore.js": "underscore",
    "backbone.js": "backbone",
}
SERVER_NAMES = {
    "werkzeug": "werkzeug",
    "gunicorn": "gunicorn",
    "waitress": "waitress",
    "aiohttp": "aiohttp",
    "tornadoserver": "tornado",
    "twisted": "twisted",
    "uvicorn": "uvicorn",
    "hypercorn": "hypercorn",
}
"""What servers say in their header, and the packages on PyPI."""
SERVERS = re.compile(rf"\b({'|'.join(SERVER_NAMES)})/{VERSION}", re.IGNORECASE)
PACKAGES = frozenset(
    {("npm", name) for name in NAMES.values()} | {("PyPI", name) for name in SERVER_NAMES.values()}
)
"""Ecosystem and name of each package that is recognized: what is said of others need not be kept."""


def components_in(exchange: Exchange) -> Iterator[tuple[Component, str]]:
    """Yield each component that an answer states with its version, and the text that states it."""
    response = exchange.response
    if response is None:
        return
    for match in SERVERS.finditer(response.header("Server") or ""):
        name = match[1].lower()
        yield (
            Component("PyPI", SERVER_NAMES[name], match[2]),
            f"Server: {response.header('Server')}",
        )
    if response.media_type == "text/html":
        for place in SCRIPT.findall(exchange.text[:500_000]):
            yield from _of_place(place)
    elif "javascript" in response.media_type:
        yield from _of_place(exchange.request.url)
        for match in BANNER.finditer(exchange.text[:2_000]):
            name = match[1].lower()
            yield Component("npm", BANNER_NAMES.get(name, name), match[2]), match.group()[:160]


def _of_place(place: str) -> Iterator[tuple[Component, str]]:
    for pattern in (IN_FILE, IN_PATH, IN_QUERY):
        match = pattern.search(place if "/" in place else f"/{place}")
        if match and (name := NAMES.get(match[1].lower().removesuffix(".min"))):
            yield Component("npm", name, match[2]), place[:200]
            return


def outdated(lookup: Lookup) -> Watcher:
    """Return the watcher that asks these advisories."""

    def look(exchange: Exchange) -> Iterator[Proof]:
        seen: set[Component] = set()
        for component, text in components_in(exchange):
            if component in seen:
                continue
            seen.add(component)
            if known := lookup(component):
                names = [next((a for a in one.aliases if a.startswith("CVE-")), one.id) for one in known]
                fixed = [one.fixed for one in known if one.fixed]
                yield Proof(
                    says=f"{component.name} {component.version} has {len(known)} known "
                    f"vulnerabilit{'y' if len(known) == 1 else 'ies'}: {', '.join(names[:8])}"
                    f"{f'; fixed in {fixed[-1]}' if fixed else ''}.",
                    excerpt=text,
                    exchanges=(exchange,),
                    title=f"{component.name} {component.version} has known vulnerabilities",
                    key=f"{component.ecosystem}/{component.name}@{component.version}",
                )

    return Watcher(ABOUT, look)


ABOUT = About(
    id="outdated-component",
    title="Component has known vulnerabilities",
    cwe=1395,
    owasp="A06:2021",
    severity=Severity.LOW,
    safety=Safety.PASSIVE,
    description="The version of a library or server that the target states is one with known "
    "vulnerabilities; "
    "whether the application can be attacked by them is not tried. It needs a file of advisories.",
    remedy="Use a version without them, and watch the advisories of what is deployed.",
    per_origin=True,
)
AGENTS: tuple[Agent, ...] = ()  # `outdated` is made with the advisories of the scan
