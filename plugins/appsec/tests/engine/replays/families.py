"""Which cases of the lab are scanned together, by whom, and what which agents find there."""

from dataclasses import dataclass

ACCOUNTS = ("/login*", "/api/login*", "/register*", "/api/register*")
"""Limited in the lab: points there cost time, and have no weakness but those of the cases about them."""
BOTH = ("alice", "bob")


@dataclass(frozen=True)
class Door:
    """Where users sign in, with JSON for a token or by a form for a cookie, and where that shows."""

    token: str = "/api/login"
    form: str = ""
    cookie: str = ""
    """Its name; without a form the token is its value."""
    check: str = "/account"
    says: str = "Hello"


@dataclass(frozen=True)
class Family:
    """Cases, and how many findings which agents have there."""

    cases: tuple[str, ...]
    findings: dict[str, int]
    people: tuple[str, ...] = BOTH
    door: Door = Door()
    without: tuple[str, ...] = ACCOUNTS
    """Paths that are left out."""
    tls: bool = False


def _jwt(case: str, path: str, agent: str, *people: str) -> Family:
    door = Door(token=f"{path}/token", check=f"{path}/me", says='"user"')
    without = ("/login*", "/api/login*", "/register*")
    return Family((case,), {agent: 1}, people, door, without)


FAMILIES = {
    "queries": Family(
        ("sqli-error", "sqli-boolean", "sqli-json", "sqli-header"), {"sql-error": 3, "sql-boolean": 1}
    ),
    "rows": Family(
        ("sqli-error", "sqli-bypass", "sqli-second-order"),
        {"sql-union": 1, "sql-bypass": 1, "sqli-second-order": 1},
    ),
    "other queries": Family(
        ("nosql-json", "nosql-query", "ldap", "xpath"), {"nosql": 3, "ldap": 1, "xpath": 1}
    ),
    "code": Family(
        ("command-output", "ssti", "expression", "code", "include", "format-string",
         "deserialization-link"),
        {"os-command": 1, "template-injection": 1, "expression-injection": 1, "code-injection": 1,
         "server-side-include": 1, "format-string": 1, "deserialization": 1},
    ),
    "files": Family(
        ("traversal", "file-inclusion", "xxe-file"), {"path-traversal": 2, "file-inclusion": 1, "xxe": 1}
    ),
    "callbacks": Family(
        ("ssrf", "file-inclusion-remote", "xxe-callback", "command-blind"),
        {"ssrf": 2, "xxe-callback": 1, "os-command-callback": 1},
    ),
    "slow names": Family(("enumeration-time",), {"user-enumeration-timing": 1}, without=()),
    "slow queries": Family(("sqli-time",), {"sql-time": 1}, people=()),
    "slow commands": Family(("command-blind",), {"os-command-time": 1}, people=()),
    "slow objects": Family(("deserialization-link",), {"deserialization-time": 1}, people=()),
    "pages": Family(
        ("xss-text", "xss-attribute", "xss-script", "xss-url", "redirect-header", "redirect-meta",
         "redirect-script", "header-injection", "xss-dom-query", "xss-dom-fragment", "verbose-error"),
        {"reflected-xss": 4, "open-redirect": 3, "header-injection": 1, "dom-xss": 2, "verbose-error": 1},
    ),
    "answers": Family(
        ("cookie-flags", "clickjacking", "missing-headers", "directory-listing", "secret-script",
         "secret-key", "file-git", "file-env", "cors", "component-server", "component-script"),
        {"cookie-httponly": 1, "clickjacking": 1, "nosniff": 1, "directory-listing": 1, "secret-in-answer": 2,
         "repository-exposed": 1, "configuration-exposed": 1, "cors": 1, "csp-weak": 1,
         "version-banner": 1, "csp-missing": 1, "cookie-samesite": 1, "outdated-component": 1},
    ),
    "leftovers": Family(
        ("file-dump", "file-copy", "status-page", "debugger", "source-map", "comment", "unclaimed-name",
         "gate-address", "gate-clear", "gate-remembered", "foreign-script", "session-address", "card-number",
         "referrer", "cookie-prefix", "trace", "put-file", "open-administration", "open-maintenance",
         "jsonp-callback", "formula"),
        {"backup-exposed": 1, "source-copy": 1, "console-exposed": 1, "debug-mode": 1, "source-map": 1,
         "credentials-in-comment": 1, "subdomain-takeover": 1, "password-in-address": 1,
         "password-in-clear": 1, "password-autocomplete": 1, "foreign-script": 1, "session-in-address": 1,
         "card-number": 1, "referrer-policy": 1, "cookie-prefix": 1, "trace-method": 1, "put-file": 1,
         "open-administration": 1, "open-maintenance": 1, "jsonp-callback": 1, "formula-injection": 1},
        people=(),
    ),
    "private": Family(
        ("private-cached", "jsonp", "passwords-plain", "password-hash"),
        {"private-cached": 1, "jsonp": 1, "passwords-in-answer": 2, "passwords-stored-plain": 1},
    ),
    "in front": Family(
        ("access-bypass", "old-version", "cache-deception", "cache-poisoning", "host-link"),
        {"access-bypass": 1, "old-api-version": 1, "cache-deception": 1, "cache-poisoning": 1,
         "host-header": 1},
    ),
    "https": Family(
        ("cookie-flags", "mixed-content", "no-hsts"),
        {"hsts": 1, "cookie-secure": 1, "mixed-content": 1},
        people=(),
        tls=True,
    ),
    "graphs": Family(
        ("graphql-introspection", "graphql-depth", "graphql-batching"),
        {"graphql-introspection": 1, "graphql-depth": 1, "graphql-batching": 1},
    ),
    "suggestions": Family(("graphql-suggestions",), {"graphql-suggestions": 1}, people=()),
    "people": Family(
        ("bola", "bfla", "broken-authentication", "mass-assignment", "xss-stored", "upload", "race",
         "enumeration-message"),
        {"bola-read": 1, "bfla": 1, "missing-authentication": 1, "mass-assignment": 1, "xss-stored": 1,
         "file-upload": 1, "race-condition": 1, "user-enumeration": 1},
        without=(),
    ),
    "passwords": Family(("weak-password",), {"weak-password-policy": 1}, without=()),
    "others": Family(
        ("password-of-others", "delete-of-others", "bola-write", "bola-object-write", "reset-told",
         "excessive-data", "rate-limit", "default-credentials"),
        {"password-of-others": 1, "delete-of-others": 1, "bola-write": 1, "bola-object-write": 1,
         "reset-told": 1, "excessive-data": 1, "login-rate-limit": 1, "default-credentials": 1},
        without=(),
    ),
    "newcomers": Family(
        ("bola-own", "broken-authentication", "bola-object-write"),
        {"bola-read-newcomers": 1, "missing-authentication-newcomers": 1, "bola-object-write-newcomers": 1},
        people=(),
        without=(),
    ),
    "sessions": Family(
        ("csrf", "logout", "graphql-csrf"),
        {"csrf": 1, "logout-ineffective": 1, "graphql-csrf": 1},
        door=Door(cookie="session"),
        without=("/api/*",),
    ),
    "links": Family(
        ("csrf-link",), {"csrf-link": 1}, door=Door(cookie="session"), without=("/api/*",)
    ),
    "logins that lead on": Family(("redirect-login",), {"login-redirect": 1}, people=(), without=()),
    "fixation": Family(
        ("session-fixation",), {"session-fixation": 1}, people=(), without=("/login*", "/api/*")
    ),
    "forgery": Family(
        ("session-forgery",), {"session-forgery": 1},
        door=Door(form="/club/login", cookie="club", check="/club"),
    ),
    "forgery by newcomers": Family(
        ("session-forgery",), {"session-forgery-newcomers": 1}, people=(), without=("/login*", "/api/*")
    ),
    "signed": Family(
        ("session-weak-secret",), {"session-weak-secret": 1},
        door=Door(form="/desk/login", cookie="desk", check="/desk"),
    ),
    "signed for newcomers": Family(
        ("session-weak-secret",), {"session-weak-secret-newcomers": 1},
        people=(), without=("/login*", "/api/*"),
    ),
    "jwt-unverified": _jwt("jwt-unverified", "/api/v7", "jwt-unverified", *BOTH),
    "jwt-none": _jwt("jwt-none", "/api/v1", "jwt-none", *BOTH),
    "jwt-weak-secret": _jwt("jwt-weak-secret", "/api/v3", "jwt-weak-secret", *BOTH),
    "jwt-confusion": _jwt("jwt-confusion", "/api/v2", "jwt-confusion", *BOTH),
    "jwt-kid": _jwt("jwt-kid", "/api/v8", "jwt-kid", *BOTH),
    "jwt-unverified newcomers": _jwt("jwt-unverified", "/api/v7", "jwt-unverified-newcomers"),
    "jwt-none newcomers": _jwt("jwt-none", "/api/v1", "jwt-none-newcomers"),
    "jwt-weak-secret newcomers": _jwt("jwt-weak-secret", "/api/v3", "jwt-weak-secret-newcomers"),
    "jwt-confusion newcomers": _jwt("jwt-confusion", "/api/v2", "jwt-confusion-newcomers"),
    "jwt-kid newcomers": _jwt("jwt-kid", "/api/v8", "jwt-kid-newcomers"),
    "jwt-expired newcomers": _jwt("jwt-expiry", "/api/v4", "jwt-expired-newcomers"),
    "jwt-expired": Family(
        ("jwt-expiry",), {"jwt-expired": 1}, door=Door(cookie="session"), without=("/login*", "/api/login*")
    ),
}  # fmt: skip

SLOW = tuple(name for name in FAMILIES if name.startswith("slow"))
"""Where times are the proof: next to nothing to do, and long to wait."""

LEFT_OUT = {
    "internal-address": "looks at targets with a public address or name only",
}
"""Agents without a replayed finding, and why."""
