"""Reads how identities sign in from JSON: a list of objects, the first of which is whom the scan crawls as.

Their `kind` is form, oauth, recorded, or that of a value to carry: bearer, header, cookie. The other keys are
the fields of that login's class; a key that is none of them is refused.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from threatweaver_appsec.engine.logins.check import Check
from threatweaver_appsec.engine.logins.form import FormLogin
from threatweaver_appsec.engine.logins.oauth import OAuthLogin
from threatweaver_appsec.engine.logins.recorded import Extract, Recorded, RecordedLogin
from threatweaver_appsec.engine.logins.totp import Totp
from threatweaver_appsec.engine.logins.values import Carried
from threatweaver_appsec.engine.ports import Login

T = TypeVar("T")
Make = Callable[[Mapping[str, Any]], Login]


def logins_of(text: bytes) -> list[Login]:
    """Return the logins of a file. Raises ValueError for what is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the logins are no JSON: {error}") from error
    entries = document if isinstance(document, list) else [document]
    logins = [_login(entry) for entry in entries]
    names = [login.name for login in logins]
    if len(set(names)) < len(names):
        raise ValueError("two identities have the same name")
    return logins


def _login(entry: Any) -> Login:
    if not isinstance(entry, dict) or entry.get("kind") not in KINDS:
        raise ValueError(f"a login is an object with kind {', '.join(KINDS)}")
    told = dict(entry)
    if "check" in told:
        told["check"] = _built(Check, told["check"])
    if "totp" in told:
        told["totp"] = _built(
            Totp, told["totp"] if isinstance(told["totp"], dict) else {"seed": told["totp"]}
        )
    return KINDS[entry["kind"]](told)


def _carried(told: Mapping[str, Any]) -> Login:
    return _built(Carried, told)


def _form(told: Mapping[str, Any]) -> Login:
    return _built(FormLogin, _without_kind(told))


def _oauth(told: Mapping[str, Any]) -> Login:
    return _built(OAuthLogin, _without_kind(told))


def _recorded(told: Mapping[str, Any]) -> Login:
    steps = tuple(_step(step) for step in told.get("steps", ()))
    return _built(RecordedLogin, _without_kind(told) | {"steps": steps})


def _step(told: Any) -> Recorded:
    if not isinstance(told, dict):
        raise ValueError("a step is an object")  # noqa: TRY004 - what a file says wrongly is a value
    extracts = tuple(_built(Extract, one) for one in told.get("extracts", ()))
    headers = tuple((str(name), str(value)) for name, value in told.get("headers", ()))
    return _built(Recorded, told | {"extracts": extracts, "headers": headers})


def _without_kind(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key != "kind"}


def _built(make: type[T], told: Any) -> T:
    """Build a value of its fields. Raises ValueError that names what is unknown or missing."""
    known = {one.name for one in fields(make) if one.name != "found"}  # type: ignore[arg-type]
    if not isinstance(told, dict) or not told.keys() <= known:
        unknown = sorted(told.keys() - known) if isinstance(told, dict) else told
        raise ValueError(f"{make.__name__} knows {', '.join(sorted(known))}, not {unknown}"[:400])
    try:
        return make(**told)
    except TypeError as error:
        raise ValueError(f"{make.__name__}: {error}") from error


KINDS: dict[str, Make] = {
    "form": _form,
    "oauth": _oauth,
    "recorded": _recorded,
    "bearer": _carried,
    "header": _carried,
    "cookie": _carried,
}
