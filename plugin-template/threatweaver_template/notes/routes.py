"""/template/notes: stock operations, and what people do about a note."""

from threatweaver.sdk import Context, NotFound, Op, Resource, RouteTable, add_resource, search
from threatweaver_template.notes import service
from threatweaver_template.notes.models import Note
from threatweaver_template.notes.schemas import NoteCreate, NoteOut, NoteUpdate
from threatweaver_template.permissions import Perm

table = RouteTable(path="/template/notes", tag="Notes")

add_resource(
    table,
    Resource(
        model=Note,
        operations=Op.ALL,
        read=NoteOut,
        create=NoteCreate,
        update=NoteUpdate,
        read_permission=Perm.NOTE_READ,
        write_permission=Perm.NOTE_WRITE,
        filters=(search("title"),),
        sortable=("created_at", "title"),
    ),
    name="note",
)


@table.route("POST", "/{id}/finish", permission=Perm.NOTE_WRITE, returns=NoteOut, errors=(NotFound,))
async def finish(ctx: Context) -> Note:
    """Finish a note."""
    return await service.finish(ctx.uuid("id"))
