"""The login that is a form: found where nobody says which, sent as a browser would, proven both ways."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from threatweaver_appsec.engine.discover import html
from threatweaver_appsec.engine.discover.forms import Field, Form, submit
from threatweaver_appsec.engine.discover.urls import canonical
from threatweaver_appsec.engine.logins.check import Check, asks_password, find
from threatweaver_appsec.engine.logins.told import WRONG, Probe, Story, negatives, positive
from threatweaver_appsec.engine.logins.totp import Totp
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.ports import Sender, Session, SignedIn

_NAMES = re.compile(r"user|login|e?mail|name|account|^id$|^uid$", re.IGNORECASE)
_CODES = re.compile(r"otp|totp|2fa|mfa|token|code|pin|verif", re.IGNORECASE)
_PLACES = re.compile(r"log[-_ ]?in|sign[-_ ]?in|anmelden", re.IGNORECASE)
_TYPED = frozenset({"text", "email", "tel", "number", "password"})


@dataclass
class FormLogin:
    """Where the form is, and what to put in. Field names are found where they are not told."""

    name: str
    url: str
    user: str
    password: str = field(repr=False)
    user_field: str = ""
    password_field: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Values of other fields, as a tenant's name."""
    totp: Totp | None = None
    check: Check | None = None
    """Found where it is not told: the place after the login, or the base of the target."""
    found: Check | None = field(default=None, repr=False)

    @property
    def username(self) -> str | None:
        """What it signs in as."""
        return self.user

    async def sign_in(self, sender: Sender) -> SignedIn:
        """Send the form, and the code where one is asked for; then prove it both ways."""
        secrets = (self.password, self.totp.seed if self.totp else "")
        story = Story(secrets)
        landed = await self._send(story, sender, self.name, self.password)
        if isinstance(landed, str):
            return story.failed(landed)
        check = await self._check(sender, landed)
        if check is None:
            story.tell(
                "Find a place that shows the identity signed in", ok=False, detail="none of those asked"
            )
            return story.failed(_why(landed))
        reason = await positive(story, sender, Probe(check, self.name))
        reason = reason or await self._refused(story, sender, check)
        if reason:
            return story.failed(reason)
        self.found = check
        return story.done(Session(secrets=tuple(filter(None, secrets))))

    async def alive(self, sender: Sender) -> bool:
        """Return whether the check still shows it."""
        check = self.check or self.found
        return check is not None and check.shows(await check.ask(sender, self.name))

    async def _refused(self, story: Story, sender: Sender, check: Check) -> str | None:
        """Sign in with a wrong password, in another jar: the same check has to fail."""
        reason = await negatives(story, sender, (("nobody", Probe(check, None)),))
        if reason:
            return reason
        wrong = f"{self.name} (wrong)"
        landed = await self._send(story, sender, wrong, WRONG, negative=True)
        if isinstance(landed, str):
            return landed
        return await negatives(story, sender, (("who has a wrong password", Probe(check, wrong)),))

    async def _check(self, sender: Sender, landed: Exchange) -> Check | None:
        if self.check:
            return self.check
        base = canonical("/", self.url) or self.url
        ways = html.read(landed.response, landed.request.url).links if landed.response else ()
        named = [
            link.url for link in ways if re.search(r"profile|account|settings|dashboard|/me\b", link.url)
        ]
        places = [landed.request.url] if landed.request.method == "GET" else []
        return await find(sender, self.name, [*places, *named[:3], base], self.user)

    async def _send(
        self, story: Story, sender: Sender, identity: str, password: str, *, negative: bool = False
    ) -> Exchange | str:
        """Return the answer after the form, or why there is none."""
        note = "with a wrong password" if negative else f"as {self.user}"
        page = await sender.send(Request("GET", self.url), identity=identity, follow=True)
        form = login_form(page, self.password_field)
        if form is None and (elsewhere := _sign_in_link(page)):
            page = await sender.send(Request("GET", elsewhere), identity=identity, follow=True)
            form = login_form(page, self.password_field)
        if not story.asked("Open the page that has the form", page, ok=form is not None):
            return f"{self.url} has no form with a password field."
        assert form is not None  # noqa: S101  (the step before says so)
        landed = await sender.send(self._filled(form, password), identity=identity, follow=True)
        if not story.asked(f"Send the form {note}", landed, ok=landed.response is not None):
            return "The form was not answered."
        code = code_form(landed) if self.totp else None
        if code and self.totp:
            try:
                value = self.totp.wrong() if negative else self.totp.code()
            except ValueError:
                return "The seed of the one-time codes is not in base32."
            request = submit(code[0], {code[1].name: value})
            landed = await sender.send(request, identity=identity, follow=True)
            story.asked("Send the one-time code", landed)
        return landed

    def _filled(self, form: Form, password: str) -> Request:
        user = self.user_field or _user_field(form)
        secret = self.password_field or form.passwords[0].name
        values = {**self.extra, user: self.user, secret: password}
        code = next((item for item in form.fields if self.totp and _is_code(item)), None)
        if code and self.totp:
            values[code.name] = self.totp.wrong() if password == WRONG else self.totp.code()
        missing = [Field(name) for name in values if name and name not in {item.name for item in form.fields}]
        return submit(replace(form, fields=(*form.fields, *missing)), values)


def login_form(page: Exchange, password_field: str = "") -> Form | None:
    """Return the form of a page to sign in with: one password, and no other form is more like it."""
    if page.response is None:
        return None
    forms = [form for form in html.read(page.response, page.request.url).forms if form.passwords]
    if password_field:
        forms = [form for form in forms if any(item.name == password_field for item in form.fields)]
    named = [form for form in forms if form.passwords[0].name]
    return min(named, key=lambda form: (len(form.passwords), not _PLACES.search(form.words)), default=None)


def code_form(page: Exchange) -> tuple[Form, Field] | None:
    """Return the form that asks for a one-time code, and its field."""
    if page.response is None:
        return None
    for form in html.read(page.response, page.request.url).forms:
        found = next((item for item in form.fields if _is_code(item)), None)
        if found and not any(item.kind == "password" and item is not found for item in form.fields):
            return form, found
    return None


def _is_code(item: Field) -> bool:
    return item.kind in _TYPED and bool(_CODES.search(item.name))


def _user_field(form: Form) -> str:
    """The field before the password, rather one that is named like it."""
    before: list[Field] = []
    for item in form.fields:
        if item.kind == "password":
            break
        if item.kind in _TYPED and item.name:
            before.append(item)
    named = [item for item in before if _NAMES.search(item.name) or item.kind == "email"]
    return (named or before or [Field("username")])[-1].name


def _sign_in_link(page: Exchange) -> str | None:
    if page.response is None:
        return None
    links = html.read(page.response, page.request.url).links
    return next((link.url for link in links if _PLACES.search(link.url) or _PLACES.search(link.text)), None)


def _why(landed: Exchange) -> str:
    if landed.status >= 400:
        return f"The form was answered with status {landed.status}: the credentials are likely wrong."
    if asks_password(landed):
        return "After the form the page asks for a password again: the credentials are likely wrong."
    return "No place shows a difference between the identity and nobody: name a check."
