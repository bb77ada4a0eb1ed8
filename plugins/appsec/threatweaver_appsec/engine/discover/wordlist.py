"""Places that applications often have and do not link: a small list of our own."""

from collections.abc import AsyncIterator, Sequence

from threatweaver_appsec.engine.discover.leads import Lead
from threatweaver_appsec.engine.discover.missing import Missing
from threatweaver_appsec.engine.discover.urls import canonical
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.ports import Sender

WORDS: Sequence[str] = (
    *(
        "admin",
        "admin/",
        "administrator",
        "login",
        "signin",
        "signup",
        "register",
        "user",
        "users",
        "account",
    ),
    *(
        "profile",
        "dashboard",
        "panel",
        "console",
        "manage",
        "settings",
        "config",
        "api",
        "api/",
        "api/v1",
        "api/v2",
    ),
    *("api/users", "api/v1/users", "api/health", "health", "status", "metrics", "info", "version", "debug"),
    *(
        "docs",
        "swagger",
        "swagger-ui/",
        "graphiql",
        "redoc",
        "search",
        "upload",
        "uploads/",
        "files",
        "download",
    ),
    *(
        "backup",
        "backup/",
        "test",
        "dev",
        "staging",
        "old",
        "tmp",
        "private",
        "internal",
        "static/",
        "assets/",
    ),
    *(
        "cart",
        "orders",
        "products",
        "items",
        "posts",
        "comments",
        "messages",
        "news",
        "blog",
        "contact",
        "feedback",
    ),
    *(
        "server-status",
        "actuator",
        "phpinfo.php",
        "info.php",
        "index.php",
        "login.php",
        "admin.php",
        "wp-login.php",
    ),
)


async def found(
    sender: Sender, identity: str | None, base: str, missing: Missing, words: Sequence[str] = WORDS
) -> AsyncIterator[Lead]:
    """Yield a lead for each place that is there; nothing where the target has an answer for everything."""
    folder = base.rstrip("/") + "/"
    hits = 0
    for asked, word in enumerate(words, 1):
        url = canonical(word.lstrip("/"), folder)
        request = Request("GET", url or "")
        if url is None or sender.refusal(request):
            continue
        exchange = await sender.send(request, identity=identity)
        if exchange.response is None or (exchange.status >= 400 and exchange.status not in {401, 403, 405}):
            continue
        if not missing.is_like(exchange):
            hits += 1
            if asked > 20 and hits > asked / 2:
                return  # it says yes to whatever it is asked
            yield Lead(request, "wordlist", "", 1)
