"""What may be asked, before it has been asked: leads, and the frontier that they wait in."""

import hashlib
import heapq
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from threatweaver_appsec.engine.discover.template import Shape, Templates, names
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import FORM, Where, points_of

MOST_SEEN = 200_000  # requests that are known as such; what comes after is dropped
MOST_BYTES = 16_000_000  # of the requests that wait
BODIES = frozenset({Where.JSON, Where.GRAPHQL})
LEAVES = re.compile(
    r"log[-_ ]?(?:out|off)|sign[-_ ]?(?:out|off)|"
    r"(?:end|destroy|kill|close)[-_ /]?session|session[-_ /]?(?:end|destroy)|"
    r"abmelden|d[eé]connexion|cerrar[-_ ]?sesi|uitloggen|logga[-_ ]?ut",
    re.IGNORECASE,
)
HARMS = re.compile(
    r"(?<![a-z])(?:delete|remove|destroy|drop|truncate|purge|wipe|erase|uninstall|shutdown|reboot|reset|"
    r"deactivate|unsubscribe|terminate|close[-_ ]?account|cancel[-_ ]?(?:account|order|subscription))",
    re.IGNORECASE,
)
TOLD = frozenset({"openapi", "graphql", "postman", "har", "form", "seed"})
"""Sources that say more than an address: what they name is an operation whatever it answers."""


@dataclass(frozen=True)
class Bounds:
    """How far discovery goes."""

    pages: int = 3_000
    """Requests that are sent to find out more."""
    depth: int = 20
    samples: int = 6
    """Of a template whose pages differ in data, as {n} and {uuid}, or lead from one to the next."""
    listed: int = 500
    """Of a template whose pages differ in a word with a number, and which another page lists."""
    links: int = 3_000
    """Of one page."""
    forms: int = 40
    """Of one page."""
    pending: int = 20_000
    """Leads that wait."""


@dataclass(frozen=True)
class Lead:
    """A request that nobody has sent yet, and where it comes from."""

    request: Request
    source: str
    page: str = ""
    depth: int = 0
    writes: bool = False
    template: str = ""
    needs_login: bool | None = None

    def dump(self) -> dict[str, Any]:
        """Return plain data."""
        text = self.request.body.decode("latin-1")
        return asdict(self) | {"request": [self.request.method, self.request.url, self.request.headers, text]}

    @classmethod
    def load(cls, data: dict[str, Any]) -> "Lead":
        """Return what `dump` gave."""
        method, url, headers, text = data["request"]
        pairs = tuple((str(name), str(value)) for name, value in headers)
        return cls(**data | {"request": Request(method, url, pairs, text.encode("latin-1"))})


def leaves(url: str, text: str = "") -> bool:
    """Return whether a link or a form is likely to end the session."""
    parts = urlsplit(url)
    return bool(LEAVES.search(unquote(f"{parts.path}?{parts.query}")) or LEAVES.search(text[:200]))


def harms(words: str) -> str | None:
    """Return the word that says that something would be lost, None where none does."""
    found = HARMS.search(unquote(words[:2_000]))
    return found.group(0) if found else None


@dataclass
class Frontier:
    """Leads in breadth-first order: each once, and of each template a bounded number."""

    bounds: Bounds = field(default_factory=Bounds)
    templates: Templates = field(default_factory=Templates)
    waiting: list[tuple[int, int, Lead]] = field(default_factory=list)
    bytes: int = 0
    """Of what waits."""
    seen: set[int] = field(default_factory=set)
    """Marks, as those of `yielded` and `surfaces`: a target makes up texts as long as it likes."""
    taken: dict[str, int] = field(default_factory=dict)
    """Template: how many of it were asked."""
    credit: dict[str, int] = field(default_factory=dict)
    """Template: how many more may be asked, since its pages had something new."""
    yielded: set[int] = field(default_factory=set)
    surfaces: set[int] = field(default_factory=set)
    flying: list[Lead] = field(default_factory=list)
    """Taken, and not yet landed: a frontier that is loaded gives them out again."""
    order: int = 0
    asked: int = 0
    dropped: int = 0

    def add(self, leads: Iterable[Lead]) -> None:
        """Let leads wait that are new; what is beyond a bound is counted as dropped."""
        for lead in leads:
            key = mark_of(identity_of(lead.request))
            if key in self.seen:
                continue
            if lead.depth > self.bounds.depth or self._full(lead):
                self.dropped += 1
                continue
            self.seen.add(key)
            self.order += 1
            self.bytes += _size(lead)
            heapq.heappush(self.waiting, (lead.depth, self.order, lead))

    def take(self, most: int) -> list[Lead]:
        """Return the next leads, those left out of which their template has enough."""
        batch, self.flying = self.flying, []
        while self.waiting and len(batch) < most and self.asked < self.bounds.pages:
            lead = heapq.heappop(self.waiting)[2]
            self.bytes -= _size(lead)
            if self._wanted(lead):
                self.asked += 1
                batch.append(lead)
            else:
                self.dropped += 1
        self.flying = list(batch)
        return batch

    def _full(self, lead: Lead) -> bool:
        many = len(self.waiting) >= self.bounds.pending or len(self.seen) >= MOST_SEEN
        return many or self.bytes + _size(lead) > MOST_BYTES

    def landed(self, lead: Lead) -> None:
        """Say that a lead was sent, and what it led to was read."""
        self.flying.remove(lead)

    def _wanted(self, lead: Lead) -> bool:
        shape = self.templates.of(lead.request.url)
        key = self._key(lead, shape)
        chained = lead.source != "form" and lead.page and self.templates.of(lead.page).path == shape.path
        most = self.bounds.samples if shape.generated or chained else self.bounds.listed
        taken = self.taken.get(key, 0)
        if taken >= most + self.credit.get(key, 0):
            return False
        self.taken[key] = taken + 1
        return True

    def _key(self, lead: Lead, shape: Shape) -> str:
        fields = ",".join(_fields(lead.request))
        key = f"{lead.request.method} {shape.key} {fields}"
        return key if len(key) <= 200 else hash_of(key.encode()).decode()

    def learn(self, lead: Lead, found: Iterable[Lead]) -> None:
        """Let more of a template be asked where one of it led to parameters that nothing had before."""
        fresh = False
        for other in found:
            text = ",".join((*names(other.request.url), *_fields(other.request)))
            mark = mark_of(text)
            if text and mark not in self.surfaces and len(self.surfaces) < self.bounds.pending:
                self.surfaces.add(mark)
                fresh = True
        if fresh:
            key = self._key(lead, self.templates.of(lead.request.url))
            self.credit[key] = self.credit.get(key, 0) + 1

    def is_news(self, lead: Lead) -> bool:
        """Return whether it is another operation than all before, and remember it.

        Two of one template are the same operation where data tells them apart, or where they take nothing.
        A value that is a word tells operations apart beside other parameters: ?do=list&id=1, ?do=edit&id=1.
        """
        request = lead.request
        shape = self.templates.of(request.url)
        own = names(request.url)
        fields = _fields(request)
        path = shape.path if shape.generated or not (own or fields) else urlsplit(request.url).path
        query = shape.query if len(own) > 1 else ",".join(own)
        key = mark_of(f"{request.method} {lead.template or path}?{query} {','.join(fields)}")
        if key in self.yielded:
            return False
        self.yielded.add(key)
        return True

    def dump(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        data = {name: getattr(self, name) for name in ("taken", "credit", "order", "asked", "dropped")}
        data |= {name: sorted(getattr(self, name)) for name in ("seen", "yielded", "surfaces")}
        waiting = [[depth, order, lead.dump()] for depth, order, lead in sorted(self.waiting, key=_place)]
        flying = [lead.dump() for lead in self.flying]
        literals = {place: list(words) for place, words in self.templates.literals.items()}
        return data | {"waiting": waiting, "flying": flying, "literals": literals}

    @classmethod
    def load(cls, data: dict[str, Any], bounds: Bounds) -> "Frontier":
        """Return a frontier that goes on where `dump` was taken."""
        data = dict(data)
        waiting = [(depth, order, Lead.load(lead)) for depth, order, lead in data.pop("waiting")]
        sets: dict[str, Any] = {name: set(data.pop(name)) for name in ("seen", "yielded", "surfaces")}
        literals = {place: list(words) for place, words in data.pop("literals").items()}
        flying = [Lead.load(lead) for lead in data.pop("flying")]
        weight = sum(_size(lead) for _, _, lead in waiting)
        return cls(bounds, Templates(literals), waiting, weight, flying=flying, **sets, **data)


def _size(lead: Lead) -> int:
    return len(lead.request.url) + len(lead.request.body) + len(lead.template)


def mark_of(text: str) -> int:
    """Return a number for a text, the same at each run."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:7])


def _place(item: tuple[int, int, Lead]) -> tuple[int, int]:
    return item[:2]


def identity_of(request: Request) -> str:
    """Return what makes a request another one than all others: method, URL, body."""
    body = request.body if len(request.body) < 400 else hash_of(request.body)
    return f"{request.method} {request.url} {body.decode('latin-1')}"


def hash_of(body: bytes) -> bytes:
    """Return a short digest, the same at each run."""
    return hashlib.sha256(body).hexdigest().encode()


def _fields(request: Request) -> tuple[str, ...]:
    """Names of what the body carries."""
    if not request.body:
        return ()
    if request.media_type == FORM:
        try:
            pairs = parse_qsl(
                request.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=500
            )
        except ValueError:
            return ("many",)
        return tuple(dict(pairs))
    if "json" in request.media_type:
        found = tuple(point.name for point in points_of(request) if point.where in BODIES)
        return (*found, hash_of(request.body)[:12].decode()) if request.body[:9] == b'{"query":' else found
    return tuple(re.findall(r'name="([^"]{1,100})"', request.body[:20_000].decode("latin-1")))[:100]


def moved(lead: Lead, url: str) -> Lead:
    """Return the lead that a redirect gives."""
    return replace(
        lead,
        request=Request("GET", url),
        source="link",
        page=lead.request.url,
        depth=lead.depth + 1,
        writes=False,
        template="",
        needs_login=None,
    )
