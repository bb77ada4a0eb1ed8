"""Tables of docs/licensing.md, made by the code that decides; a test holds the page against them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from threatweaver_licensing.claims import Claims
from threatweaver_licensing.errors import Refused
from threatweaver_licensing.state import Evaluation, State, evaluate

_START: Final = datetime(2030, 1, 1, tzinfo=UTC)
_END: Final = datetime(2031, 1, 1, tzinfo=UTC)
_CLAIMS: Final = Claims(
    jti="example",
    customer="Example Ltd",
    issued_at=_START,
    not_before=_START,
    expires_at=_END,
    type="standard",
    modules="*",
    seats=1,
    fingerprint="here",
)
_GRACE_END: Final = _END + timedelta(days=_CLAIMS.grace_days)
_SECOND: Final = timedelta(seconds=1)


def _here(now: datetime) -> Evaluation:
    return evaluate(_CLAIMS, now=now, fingerprint="here")


_CASES: Final[Sequence[tuple[str, Evaluation]]] = (
    ("there is no license", evaluate(None, now=_START)),
    ("the id is on the revocation list", evaluate(_CLAIMS, now=_START, revoked={"example"})),
    ("it is locked to another machine", evaluate(_CLAIMS, now=_START, fingerprint="elsewhere")),
    ("clock < `nbf`", _here(_START - _SECOND)),
    ("clock < `exp`", _here(_START)),
    ("`exp` <= clock < `exp` + `graceDays`", _here(_END)),
    ("`exp` + `graceDays` <= clock", _here(_GRACE_END)),
)


def when() -> str:
    """Which state a license is in, and what it changes to by itself; the first line that fits decides."""
    rows = [
        (text, found.state.value, found.reason, "-" if found.next_state is None else found.next_state.value)
        for text, found in _CASES
    ]
    return _table(("When", "State", "Reason", "Then"), rows)


def what_works() -> str:
    """What answers with which status in each state."""
    by_state = {found.state: found for _, found in _CASES}
    rows = [
        (
            state.value,
            _answer(found, allowed=found.reads_allowed),
            _answer(found, allowed=found.writes_allowed),
            "200",
            "without sign-in" if state is State.UNLICENSED else "by an administrator",
            "one that holds now"
            if found.can_recover
            else "one that holds now and was not issued before the revocation",
        )
        for state, found in ((state, by_state[state]) for state in State)
    ]
    head = ("State", "Modules: read", "Modules: write", "Kernel, always open", "Import", "Takes")
    return _table(head, rows)


def refusals(kind: type[Refused]) -> str:
    """Every refusal of one kind of document: its code, and what it says."""
    rows = [(f"`{error.code}`", str(error.__doc__)) for error in kind.__subclasses__()]
    return _table(("Code", "Says"), rows)


def _answer(found: Evaluation, *, allowed: bool) -> str:
    if found.state is State.UNLICENSED:
        return "403 `MODULE_DISABLED`"  # no module is loaded
    if allowed:
        return "200"
    return "423 `LICENSE_GRACE`" if found.reads_allowed else "423 `LICENSE_LOCKED`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |\n" for cells in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head) + "\n")
    return "".join(lines)
