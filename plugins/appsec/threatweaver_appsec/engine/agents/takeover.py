"""What one user may do to another: tried between two throwaway accounts, so that nobody real is touched."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from threatweaver_appsec.engine.accounts import (
    OLD_PASSWORD,
    PASSWORD,
    USER,
    Account,
    fields,
    fresh,
    is_id,
    key_of,
    logins,
    marked,
    passwords,
    register,
    registrations,
    sign_in,
)
from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Operation,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.answers import around, failed, granted, wearing
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import Point, Where, points_of, put
from threatweaver_appsec.engine.references import parameter_of, reads

ACCOUNTS = re.compile(r"^(users?|accounts?|members?|customers?|profiles?)$", re.IGNORECASE)
NAMES_ACCOUNT = re.compile(r"user|login|account|member|customer|e-?mail|^id$|^uid$", re.IGNORECASE)
RESET = re.compile(r"reset|forgot|recover", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """An operation that changes an account, and the point that says which."""

    operation: Operation
    point: Point


@dataclass(frozen=True)
class Trial:
    """One attempt: who attacks with which session, who must not be changed, and by what name it is tried."""

    site: Site
    target: Target
    attacker: Account
    session: Headers
    victim: Account
    reference: Any
    nonce: Nonce

    async def request(self) -> Request:
        """Return the operation's request, of the attacker, about whom the reference names."""
        return put(
            await fresh(self.site, self.target.operation, self.session), self.target.point, self.reference
        )

    def proof(self, does: str, answer: Exchange, seen: Exchange | None = None, mark: str = "") -> Proof:
        """Return what was done by the attacker, and seen by the victim."""
        request = self.target.operation.request
        return Proof(
            says=f"{request.method} {request.parts.path}, sent by {self.attacker.username}, {does}.",
            excerpt=around(seen.text, mark) if seen else f"{answer.status} {answer.text[:200]}".strip(),
            exchanges=(answer, seen) if seen else (answer,),
            point=self.target.point,
        )


Act = Callable[[Trial], Awaitable[Proof | None]]


def targets(site: Site, methods: tuple[str, ...]) -> Iterator[Target]:
    """Yield each operation that names the account that it changes."""
    known = {person.username for person in site.identities.values() if person.username}
    own = {op.request.url for op in (*registrations(site), *logins(site))}
    for op in site.operations:
        if op.request.method not in methods or (op.request.method == "POST" and op.request.url in own):
            continue
        if point := next((point for point in points_of(op.request) if _names(op, point, known)), None):
            yield Target(op, point)


def _names(op: Operation, point: Point, known: set[str]) -> bool:
    """Return whether a point says which account is meant."""
    if point.where is Where.PATH:
        index = int(point.name)
        before = [
            segment for segment in op.request.parts.path.split("/")[:index] if not re.match(r"v\d", segment)
        ]
        of_accounts = bool(before) and bool(ACCOUNTS.match(before[-1]))
        if parameter := parameter_of(op, index):
            return of_accounts or (bool(NAMES_ACCOUNT.search(parameter)) and not is_id(parameter))
        return str(point.value) in known or (of_accounts and _like_id(point.value))
    if point.where in (Where.QUERY, Where.FORM, Where.JSON):
        key = key_of(point)
        return not PASSWORD.search(key) and bool(USER.search(key) or is_id(key))
    return False


def _like_id(value: Any) -> bool:
    return bool(re.fullmatch(r"\d+|[0-9a-f-]{16,}", str(value), re.IGNORECASE))


async def _trial(site: Site, target: Target, index: int, nonce: Nonce, *, own: bool = False) -> Trial | None:
    """Make two accounts; the reference is the attacker's own where that is asked, for the control."""
    attacker, victim = await register(site, nonce), await register(site, nonce)
    if attacker is None or victim is None or not (session := await sign_in(site, attacker)):
        return None
    references = (attacker if own else victim).references
    if index >= len(references):
        return None
    return Trial(site, target, attacker, session, victim, references[index], nonce)


def _prober(about: About, methods: tuple[str, ...], wants: Callable[[Operation], bool], act: Act) -> Prober:
    async def attempt(
        site: Site, target: Target, index: int, nonce: Nonce, *, own: bool = False
    ) -> Proof | None:
        trial = await _trial(site, target, index, nonce, own=own)
        return await act(trial) if trial else None

    async def probe(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
        for target in [target for target in targets(site, methods) if wants(target.operation)]:
            first = await _trial(site, target, 0, nonce)
            for index in range(len(first.victim.references)) if first else ():
                if await attempt(site, target, index, nonce):
                    yield Suspicion(
                        shows=partial(attempt, site, target, index),
                        control=partial(attempt, site, target, index, own=True),
                        operation=target.operation,
                    )
                    break

    return Prober(about, probe)


async def _password(trial: Trial) -> Proof | None:
    request, new = await trial.request(), f"Bb2-{trial.nonce.word(10)}"
    for point in passwords(request):
        old = OLD_PASSWORD.search(key_of(point))
        request = put(request, point, trial.attacker.password if old else new)
    if await sign_in(trial.site, trial.victim, new):
        return None
    answer = await trial.site.send(request)
    if failed(answer) or not await sign_in(trial.site, trial.victim, new):
        return None
    return trial.proof(f"changes the password of {trial.victim.username}, who signs in with it", answer)


async def _deleted(trial: Trial) -> Proof | None:
    if not await sign_in(trial.site, trial.victim):
        return None
    answer = await trial.site.send(await trial.request())
    if failed(answer) or await sign_in(trial.site, trial.victim):
        return None
    proof = trial.proof(f"deletes {trial.victim.username}, who cannot sign in any more", answer)
    created = (trial.victim.created,) if trial.victim.created else ()  # for the next one to be deleted
    return replace(proof, exchanges=(*created, answer), fresh=(trial.victim.username,))


async def _changed(trial: Trial) -> Proof | None:
    victims = await sign_in(trial.site, trial.victim)
    if not victims:
        return None
    mark, request = trial.nonce.word(12), await trial.request()
    for point in fields(request):
        if point.name != trial.target.point.name and isinstance(point.value, str):
            request = put(request, point, marked(point, mark))
    answer = await trial.site.send(request)
    if failed(answer):
        return None
    for op in trial.site.operations:
        if reads(op):
            seen = await trial.site.send(wearing(_of_victim(op, trial), victims))
            if granted(seen) and _says_of_victim(seen.text, mark, trial):
                says = f"changes what is said of {trial.victim.username} at {seen.request.parts.path}"
                return trial.proof(says, answer, seen, mark)
    return None


def _of_victim(op: Operation, trial: Trial) -> Request:
    """Return the operation's request; of the victim where it names an account."""
    point = next((point for point in points_of(op.request) if _names(op, point, set())), None)
    return put(op.request, point, trial.victim.username) if point else op.request


def _says_of_victim(text: str, mark: str, trial: Trial) -> bool:
    """Return whether a mark stands nearer to the victim's name than to the attacker's."""
    at = text.find(mark)
    if at < 0:
        return False
    mine, theirs = (
        min((abs(match.start() - at) for match in re.finditer(re.escape(name), text)), default=len(text) + 1)
        for name in (trial.attacker.username, trial.victim.username)
    )
    return theirs < mine


def _takes_password(op: Operation) -> bool:
    return bool(passwords(op.request)) and not RESET.search(op.request.parts.path)


def _any(_: Operation) -> bool:
    return True


def _takes_text(op: Operation) -> bool:
    return not passwords(op.request) and any(isinstance(point.value, str) for point in fields(op.request))


def _about(ident: str, title: str, cwe: int, safety: Safety, description: str, remedy: str) -> About:
    severity = Severity.CRITICAL if cwe == 620 else Severity.HIGH
    return About(ident, title, cwe, severity, description, remedy, owasp="API1:2023", safety=safety)


AGENTS: tuple[Agent, ...] = (
    _prober(
        _about(
            "password-of-others",
            "Password of other users can be changed",
            620,
            Safety.INTRUSIVE,
            "An operation sets the password of the account that the request names, whoever asks: any user "
            "takes over any other.",
            "Change only the password of the session's own user, and ask for the old one.",
        ),
        ("POST", "PUT", "PATCH"),
        _takes_password,
        _password,
    ),
    _prober(
        _about(
            "bola-write",
            "Data of other users can be changed",
            639,
            Safety.INTRUSIVE,
            "An operation changes the account or object that the request names, and does not ask whether it "
            "belongs to who asks.",
            "Change only what belongs to the session's own user; answer 404 for all else.",
        ),
        ("POST", "PUT", "PATCH"),
        _takes_text,
        _changed,
    ),
    _prober(
        _about(
            "delete-of-others",
            "Other users can be deleted",
            285,
            Safety.DESTRUCTIVE,
            "Any user may delete the account of any other.",
            "Let only administrators and the account's own user delete it.",
        ),
        ("DELETE",),
        _any,
        _deleted,
    ),
)
