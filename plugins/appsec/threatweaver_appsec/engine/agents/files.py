"""Files that were left where anybody can fetch them: each proven by its own format, not by its status."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.messages import Exchange, Request

HTML = re.compile(rb"^\s*(<!doctype html|<html|<head|<body)", re.IGNORECASE)
SECRETS = re.compile(
    r"(?im)^((?:export )?[A-Z0-9_]*(?:KEY|SECRET|PASS|PASSWORD|PWD|TOKEN)[A-Z0-9_]*\s*[=:]\s*)\S.*$"
)
MOST_PAGES = 20
COPIES = (".bak", "~", ".old", ".orig", ".swp", ".save")
COPY = re.compile(f"({'|'.join(map(re.escape, COPIES))})$")
SOURCE = re.compile(rb"<\?php\s|<%@\s|^import [\w.]+|^#!/|^from [\w.]+ import |require\(['\"]", re.MULTILINE)


@dataclass(frozen=True)
class Leftover:
    """A place, the format that proves what is there, and whether that is text to quote."""

    path: str
    title: str
    proof: re.Pattern[bytes]
    severity: Severity = Severity.MEDIUM
    page: bool = False
    """Whether it is an HTML page; whatever else begins like one is none of these."""


def _of(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode("latin-1"), re.MULTILINE)


ENV = _of(r"\A(?:\s*(?:#.*)?\n)*(?:export )?[A-Z][A-Z0-9_]+ ?=.*\n(?:.*\n)*?(?:export )?[A-Z][A-Z0-9_]+ ?=")
DUMP = _of(r"^(CREATE TABLE|INSERT INTO|-- (MySQL|PostgreSQL|MariaDB)|PRAGMA foreign_keys)")
ZIP, GZIP = re.compile(rb"\APK\x03\x04"), re.compile(rb"\A\x1f\x8b\x08")
SQLITE = re.compile(rb"\ASQLite format 3\x00")

REPOSITORIES = (
    Leftover("/.git/config", "Git repository", _of(r"^\[core\]"), Severity.HIGH),
    Leftover("/.git/HEAD", "Git repository", _of(r"\Aref: refs/|\A[0-9a-f]{40}\s*\Z"), Severity.HIGH),
    Leftover("/.svn/wc.db", "Subversion working copy", SQLITE, Severity.HIGH),
    Leftover(
        "/.hg/requires", "Mercurial repository", _of(r"\A(revlogv1|dotencode|fncache|store)$"), Severity.HIGH
    ),
)
CONFIGURATIONS = (
    Leftover("/.env", "Environment of the application", ENV, Severity.HIGH),
    Leftover("/.env.local", "Environment of the application", ENV, Severity.HIGH),
    Leftover("/.env.production", "Environment of the application", ENV, Severity.HIGH),
    Leftover("/.aws/credentials", "AWS credentials", _of(r"^aws_secret_access_key\s*="), Severity.CRITICAL),
    Leftover(
        "/.ssh/id_rsa", "Private SSH key", _of(r"\A-----BEGIN [A-Z ]*PRIVATE KEY-----"), Severity.CRITICAL
    ),
    Leftover("/id_rsa", "Private SSH key", _of(r"\A-----BEGIN [A-Z ]*PRIVATE KEY-----"), Severity.CRITICAL),
    Leftover("/.htpasswd", "Password file", _of(r"\A[\w.@-]+:(\$apr1\$|\$2[aby]\$|\{SHA\})"), Severity.HIGH),
    Leftover("/.npmrc", "npm credentials", _of(r"_authToken\s*=\s*\S{8,}"), Severity.HIGH),
    Leftover("/.git-credentials", "Git credentials", _of(r"\Ahttps?://[^\s:/]+:[^\s@]+@"), Severity.CRITICAL),
    Leftover("/web.config", "Server configuration", _of(r"<configuration>[\s\S]*<(system\.web|appSettings)")),
    Leftover(
        "/wp-config.php.bak", "WordPress configuration", _of(r"define\(\s*'DB_PASSWORD'"), Severity.CRITICAL
    ),
    Leftover("/docker-compose.yml", "Compose file", _of(r"^services:\s*$[\s\S]*^\s+image:"), Severity.LOW),
    Leftover("/.DS_Store", "Folder list of a Mac", re.compile(rb"\A\x00\x00\x00\x01Bud1"), Severity.LOW),
    Leftover("/.vscode/sftp.json", "SFTP configuration", _of(r"\"(host|remotePath)\"\s*:"), Severity.MEDIUM),
)
BACKUPS = (
    Leftover("/backup.sql", "Database dump", DUMP, Severity.HIGH),
    Leftover("/dump.sql", "Database dump", DUMP, Severity.HIGH),
    Leftover("/database.sql", "Database dump", DUMP, Severity.HIGH),
    Leftover("/db.sql", "Database dump", DUMP, Severity.HIGH),
    Leftover("/backup.zip", "Archive of a backup", ZIP, Severity.HIGH),
    Leftover("/backup.tar.gz", "Archive of a backup", GZIP, Severity.HIGH),
    Leftover("/www.zip", "Archive of a backup", ZIP, Severity.HIGH),
    Leftover("/db.sqlite3", "Database", SQLITE, Severity.HIGH),
    Leftover("/database.sqlite", "Database", SQLITE, Severity.HIGH),
    Leftover("/database.db", "Database", SQLITE, Severity.HIGH),
)
CONSOLES = (
    Leftover(
        "/server-status", "Apache status", _of(r"<title>Apache Status</title>"), Severity.LOW, page=True
    ),
    Leftover(
        "/server-info",
        "Apache configuration",
        _of(r"<title>Server Information</title>"),
        Severity.LOW,
        page=True,
    ),
    Leftover(
        "/phpinfo.php",
        "phpinfo()",
        _of(r"<title>phpinfo\(\)|<title>PHP [\d.]+ - phpinfo"),
        Severity.LOW,
        page=True,
    ),
    Leftover(
        "/info.php",
        "phpinfo()",
        _of(r"<title>phpinfo\(\)|<title>PHP [\d.]+ - phpinfo"),
        Severity.LOW,
        page=True,
    ),
    Leftover(
        "/actuator/env", "Environment of Spring Boot", _of(r"\"propertySources\"\s*:\s*\["), Severity.HIGH
    ),
    Leftover(
        "/actuator",
        "Actuator of Spring Boot",
        _of(r"\"_links\"[\s\S]*\"(env|heapdump|beans)\""),
        Severity.MEDIUM,
    ),
    Leftover(
        "/debug/pprof/", "Profiler of Go", _of(r"full goroutine stack dump"), Severity.MEDIUM, page=True
    ),
    Leftover("/elmah.axd", "Error log of ASP.NET", _of(r"<title>Error log for"), Severity.MEDIUM, page=True),
    Leftover(
        "/trace.axd",
        "Trace of ASP.NET",
        _of(r"<title>Application Trace|Requests to this Application"),
        page=True,
    ),
    Leftover("/adminer.php", "Adminer", _of(r"<title>[^<]*Adminer</title>"), Severity.MEDIUM, page=True),
    Leftover("/phpmyadmin/", "phpMyAdmin", _of(r"<title>phpMyAdmin|pma_username"), Severity.LOW, page=True),
    Leftover("/h2-console/", "Console of H2", _of(r"<title>H2 Console</title>"), Severity.MEDIUM, page=True),
    Leftover("/metrics", "Metrics of Prometheus", _of(r"^# HELP \S+[\s\S]*^# TYPE \S+"), Severity.INFO),
)


def _shows(leftover: Leftover, answer: Exchange) -> bool:
    response = answer.response
    if response is None or response.status != 200 or not response.body:
        return False
    if not leftover.page and HTML.search(response.body[:200]):
        return False  # a page of the application for whatever is asked
    return bool(leftover.proof.search(response.body[:200_000]))


async def _left(site: Site, leftover: Leftover, nonce: Nonce, *, beside: bool = False) -> Proof | None:
    """Fetch the place; in the control another name of the same folder, which must not look the same."""
    folder, _, name = leftover.path.rpartition("/")
    extension = f".{name.rpartition('.')[2]}" if "." in name[1:] else ""
    path = f"{folder}/{nonce.word(10)}{extension}" if beside else leftover.path
    answer = await site.send(Request("GET", site.base + path))
    if not _shows(leftover, answer):
        return None
    return Proof(
        says=f"{path} is {leftover.title}, and is given to anybody.",
        excerpt=_quoted(answer),
        exchanges=(answer,),
        severity=leftover.severity,
        title=f"{leftover.title} can be fetched",
        key=leftover.path,
    )


def _quoted(answer: Exchange) -> str:
    """Return the beginning of a file, without the values of what is named like a secret."""
    if answer.response and b"\0" in answer.response.body[:400]:
        return f"{len(answer.response.body)} bytes that begin with {answer.response.body[:8].hex(' ')}"
    return SECRETS.sub(r"\1…", answer.text[:400])


def _prober(about: About, leftovers: tuple[Leftover, ...]) -> Prober:
    async def probe(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
        seen: set[str] = set()
        for leftover in leftovers:
            if leftover.title not in seen and await _left(site, leftover, nonce):
                seen.add(leftover.title)
                yield Suspicion(partial(_left, site, leftover), partial(_left, site, leftover, beside=True))

    return Prober(about, probe)


async def _copies(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Look for copies of the application's own files beside them."""
    for leftover in _copies_of(site):
        if await _left(site, leftover, nonce):
            yield Suspicion(partial(_left, site, leftover), partial(_left, site, leftover, beside=True))


def _copies_of(site: Site) -> Iterator[Leftover]:
    paths = {
        COPY.sub("", op.request.parts.path) for op in site.operations if op.request.url.startswith(site.base)
    }
    scripts = sorted(path for path in paths if re.search(r"\.(php|jsp|aspx?|py|rb|js|pl|cgi)$", path))
    for path in scripts[:MOST_PAGES]:
        if not path.endswith(".js"):
            for ending in COPIES:
                yield Leftover(path + ending, "Source of the application", SOURCE, Severity.HIGH)


def _about(ident: str, title: str, cwe: int, texts: tuple[str, str]) -> About:
    return About(ident, title, cwe, Severity.MEDIUM, *texts, owasp="A05:2021", safety=Safety.SAFE)


AGENTS: tuple[Agent, ...] = (
    _prober(
        _about(
            "repository-exposed",
            "Repository can be fetched",
            527,
            (
                "The folder of a version control system is served, with the source and its whole history.",
                "Deploy without it, and refuse names that begin with a dot.",
            ),
        ),
        REPOSITORIES,
    ),
    _prober(
        _about(
            "configuration-exposed",
            "Configuration can be fetched",
            538,
            (
                "A file of the server's configuration is served, with what it has of secrets.",
                "Keep such files outside the served folder, and replace the secrets in them.",
            ),
        ),
        CONFIGURATIONS,
    ),
    _prober(
        _about(
            "backup-exposed",
            "Backup can be fetched",
            530,
            (
                "A dump or archive is served to anybody who guesses its name.",
                "Keep backups outside the served folder; treat the data in this one as disclosed.",
            ),
        ),
        BACKUPS,
    ),
    Prober(
        _about(
            "source-copy",
            "Copy of a source file can be fetched",
            530,
            (
                "An editor's or somebody's copy of a script is served as text instead of being run.",
                "Deploy from a clean checkout, and refuse such endings.",
            ),
        ),
        _copies,
    ),
    _prober(
        _about(
            "console-exposed",
            "Console or status page for anybody",
            497,
            (
                "A page that is made for whoever runs the server is answered to anybody.",
                "Serve it to an internal address only, with a login.",
            ),
        ),
        CONSOLES,
    ),
)
