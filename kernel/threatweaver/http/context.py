"""What a handler gets: who calls, the validated input, and how to hand work to a job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiohttp import web

from threatweaver.auth.principal import Principal
from threatweaver.auth.queries import Identity
from threatweaver.http import proxies
from threatweaver.http.errors import NoToken, SessionRequired
from threatweaver.http.route import Route
from threatweaver.http.upload import SpooledFile
from threatweaver.ids import uuid7
from threatweaver.jobs.table import Job

if TYPE_CHECKING:
    from threatweaver.http.output import Page
    from threatweaver.idempotency import service as idempotency
    from threatweaver.kernel import Kernel
    from threatweaver.resource.listing import Listing
    from threatweaver.tenancy.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A job to enqueue in the request's transaction."""

    id: UUID
    job: Job
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a write did, for its audit line; never a secret."""

    target: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(slots=True, kw_only=True)
class Context:
    """One request, and what its handler may ask for.

    `params`, `query`, `headers` and `body` hold what the route's schemas let through, by their snake_case
    names; `upload` is the file of a route with `Upload`. The other members are the mount's.
    """

    request: web.Request
    route: Route
    kernel: "Kernel"
    reading: Route | None = None  # what answers a GET of the same path
    caller: Principal | None = None
    standing: "Standing | None" = None  # the caller's tenant's, one from the first gate to the last line
    params: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    upload: SpooledFile | None = None
    submission: Submission | None = None
    cookies: list[Mapping[str, Any]] = field(default_factory=list)
    change: Change | None = None
    actor: Identity | None = None  # whom a public route turned out to serve, for the audit line
    action: str = ""  # for the audit line, where several routes do the same
    recorded: bool = False  # the audit line was added in a transaction of the handler's own
    repeatable: "idempotency.Request | None" = None
    committed: list[Callable[[], None]] = field(default_factory=list)

    @property
    def principal(self) -> Principal:
        """Return who calls. Raises NoToken on a public route without a caller."""
        if self.caller is None:
            raise NoToken
        return self.caller

    @property
    def session_id(self) -> UUID:
        """Return the caller's session. Raises SessionRequired for an API token."""
        if self.principal.session_id is None:
            raise SessionRequired
        return self.principal.session_id

    @property
    def within(self) -> list[UUID] | None:
        """Return the asset groups and tags whose rows the caller may see here; None: all rows."""
        if not self.route.scoped:
            return None  # the gate let nobody pass who may not see all of it
        found = self.principal.scope_of(str(self.route.permission))
        return None if found is None else sorted(found)

    @property
    def request_id(self) -> str:
        """Return the request's id, which also stands in every log line and error body."""
        return str(self.request["request_id"])

    @property
    def address(self) -> str:
        """Return the client's network address, as the peer or a trusted proxy says."""
        return proxies.of(self.request).address

    @property
    def secure(self) -> bool:
        """Say whether the client speaks TLS, with us or with a trusted proxy."""
        return proxies.of(self.request).secure

    def header(self, name: str) -> str:
        """Return a request header's text, "" without it; bytes that are no UTF-8 are replaced."""
        return self.request.headers.get(name, "").encode("utf-8", "replace").decode()

    def uuid(self, name: str) -> UUID:
        """Return a path parameter that is a UUID."""
        value = self.params[name]
        if not isinstance(value, UUID):
            raise TypeError(f"path parameter {name} is no UUID")
        return value

    def changed(
        self, target: str, *, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
    ) -> None:
        """Say what the write did, for the audit line: `user:<id>`, the members that differ, no secret.

        What opens transactions of its own says it in the last one, by `audit.record`.
        """
        self.change = Change(target=target, before=before, after=after)

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do this once the write is committed: what a process forgets before, it may remember again."""
        self.committed.append(act)

    def submit(self, job: Job, *, id: UUID | None = None, **payload: Any) -> UUID:  # noqa: A002 - the job's id
        """Enqueue a job, in the request's transaction, and answer 202; return its id. One a request."""
        self.submission = Submission(id=id or uuid7(), job=job, payload=payload)
        return self.submission.id

    async def page(self, listing: "Listing", **fixed: Any) -> "Page":
        """Return the page of a listing that the query asks for; `fixed` filters win over the query's.

        A caller with a grant for some rows gets those only.
        """
        return await listing.page({**self.query, **fixed, **self.narrowed()}, self.kernel.keys.cursor)

    def narrowed(self) -> dict[str, Any]:
        """Return `within` as a filter of a listing, nothing for a caller who may see all rows."""
        return {} if self.within is None else {"within": self.within}

    def set_cookie(self, name: str, value: str, *, path: str, max_age: int) -> None:
        """Send an HttpOnly, SameSite cookie; max_age 0 removes it."""
        self.cookies.append({"name": name, "value": value, "path": path, "max_age": max_age})
