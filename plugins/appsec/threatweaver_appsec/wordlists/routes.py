"""/appsec/wordlists: paths that discovery asks for."""

from threatweaver.sdk import (
    EMPTY,
    Conflict,
    Context,
    NotFound,
    Op,
    Resource,
    RouteTable,
    add_resource,
    raw,
    search,
)
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.wordlists import service
from threatweaver_appsec.wordlists.models import Wordlist
from threatweaver_appsec.wordlists.schemas import WordlistCreate, WordlistOut, WordlistUpdate

table = RouteTable(path="/appsec/wordlists", tag="AppSec word lists")

add_resource(
    table,
    Resource(
        model=Wordlist,
        operations=Op.READ,
        read=WordlistOut,
        read_permission=Perm.PROFILE_READ,
        filters=(search("name", "description"),),
        sortable=("created_at", "name"),
        default_sort="name",
    ),
    name="word list",
)


@table.route(
    "POST",
    permission=Perm.PROFILE_WRITE,
    body=WordlistCreate,
    returns=WordlistOut,
    status=201,
    errors=(Conflict,),
)
async def create_wordlist(ctx: Context) -> Wordlist:
    """Create a word list: paths below the target's base, each once."""
    return await service.create(**ctx.body)


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.PROFILE_WRITE,
    body=WordlistUpdate,
    returns=WordlistOut,
    errors=(Conflict,),
)
async def update_wordlist(ctx: Context) -> Wordlist:
    """Change a word list; `words` replace those before."""
    return await service.update(ctx.uuid("id"), **ctx.body)


@table.route("DELETE", "/{id}", permission=Perm.PROFILE_WRITE, returns=EMPTY)
async def delete_wordlist(ctx: Context) -> None:
    """Delete a word list; scan profiles that name it use the product's own."""
    await (await service.known(ctx.uuid("id"))).delete()


@table.route(
    "GET", "/{id}/words", permission=Perm.PROFILE_READ, returns=raw("text/plain"), errors=(NotFound,)
)
async def words(ctx: Context) -> bytes:
    """Return the words, one a line."""
    return "".join(f"{word}\n" for word in (await service.known(ctx.uuid("id"))).words).encode()
