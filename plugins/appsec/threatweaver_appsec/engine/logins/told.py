"""What a login tells: steps without secrets, and the sentence that says why it is not one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from threatweaver_appsec.engine.logins.check import Check
from threatweaver_appsec.engine.messages import Exchange, Headers
from threatweaver_appsec.engine.ports import Sender, Session, SignedIn, Step

WRONG = "threatweaver-wrong-Zz9!"
"""Replaces a secret where it has to fail."""


@dataclass
class Story:
    """Steps so far. What is secret is told once, and no step has it."""

    secrets: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)

    def redact(self, text: str) -> str:
        """Replace every secret."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, "•••")
        return text

    def tell(self, name: str, *, ok: bool, detail: str = "") -> bool:
        """Add a step, and return whether it went well."""
        self.steps.append(Step(name, ok, self.redact(detail)[:500]))
        return ok

    def asked(self, name: str, exchange: Exchange, *, ok: bool | None = None, note: str = "") -> bool:
        """Add the step that was sending a request; without `ok` any answer below 400 is one."""
        request = exchange.request
        parts = urlsplit(request.url)
        fault = exchange.fault.value if exchange.fault else "no answer"
        said = f"{request.method} {parts.path or '/'}: {exchange.status or fault}"
        went = 0 < exchange.status < 400 if ok is None else ok
        return self.tell(name, ok=went, detail=f"{said}; {note}" if note else said)

    def failed(self, reason: str) -> SignedIn:
        """Return that it is not signed in, and why."""
        return SignedIn(ok=False, steps=tuple(self.steps), reason=self.redact(reason))

    def done(self, session: Session) -> SignedIn:
        """Return that it is."""
        return SignedIn(ok=True, steps=tuple(self.steps), session=session)


@dataclass(frozen=True)
class Probe:
    """Who is asked about: a check as an identity, with the headers that its session will add."""

    check: Check
    identity: str | None
    headers: Headers = ()


async def positive(story: Story, sender: Sender, probe: Probe) -> str | None:
    """Look whether the check shows the identity signed in; return why not."""
    exchange = await probe.check.ask(sender, probe.identity, probe.headers)
    why = probe.check.why_not(exchange)
    story.asked("Check that the identity is signed in", exchange, ok=why is None, note=why or "it is")
    return (
        None
        if why is None
        else f"The check at {probe.check.url} does not show the identity signed in: {why}."
    )


async def negatives(story: Story, sender: Sender, probes: Iterable[tuple[str, Probe]]) -> str | None:
    """Look whether the check fails for all who are not; return for whom it does not."""
    for whom, probe in probes:
        exchange = await probe.check.ask(sender, probe.identity, probe.headers)
        refused = exchange.response is not None and not probe.check.shows(exchange)
        note = probe.check.why_not(exchange) if refused else "the check cannot tell them apart"
        story.asked(f"Check that {whom} is not signed in", exchange, ok=refused, note=note or "")
        if exchange.response is None:
            return f"The check at {probe.check.url} was not answered."
        if not refused:
            return f"The check at {probe.check.url} shows {whom} signed in as well: it proves nothing."
    return None
