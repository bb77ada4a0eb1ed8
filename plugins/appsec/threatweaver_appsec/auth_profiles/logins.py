"""From an authentication profile to a login as the engine takes it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from threatweaver_appsec.auth_profiles import service
from threatweaver_appsec.auth_profiles.models import AuthProfile
from threatweaver_appsec.engine.logins.check import Check
from threatweaver_appsec.engine.logins.form import FormLogin
from threatweaver_appsec.engine.logins.oauth import CLIENT, PASSWORD, OAuthLogin
from threatweaver_appsec.engine.logins.recorded import Extract, Recorded, RecordedLogin
from threatweaver_appsec.engine.logins.totp import Totp
from threatweaver_appsec.engine.logins.values import Carried
from threatweaver_appsec.engine.messages import Headers
from threatweaver_appsec.engine.ports import Login


async def of(kernel: Any, profile_ids: Sequence[UUID]) -> list[Login] | str:
    """Return the logins of profiles in their order; a sentence where one of them is gone."""
    found = {profile.id: profile for profile in await AuthProfile.filter(id__in=list(profile_ids))}
    if len(found) != len(set(profile_ids)):
        return "One of the authentication profiles is gone."
    return [login_of(kernel, found[one]) for one in dict.fromkeys(profile_ids)]


def login_of(kernel: Any, profile: AuthProfile) -> Login:
    """Return the login of a profile, its secrets opened."""
    secrets = service.opened(kernel, profile)
    said = profile.settings
    check = Check(said["checkUrl"], signed_in=re.escape(said.get("checkText", "")))
    if profile.kind in _BY_STEPS:
        return _BY_STEPS[profile.kind](profile, secrets, check)
    if profile.kind == "cookie":
        return Carried(profile.name, "cookie", secrets["value"], check, said["cookieName"])
    key = said.get("header", "Authorization")
    prefix = said.get("prefix", "Bearer " if profile.kind == "token" else "")
    username = profile.username or None
    return Carried(profile.name, "header", f"{prefix}{secrets['value']}", check, key, username=username)


def _form(profile: AuthProfile, secrets: Mapping[str, str], check: Check) -> FormLogin:
    said = profile.settings
    return FormLogin(
        profile.name,
        said["loginUrl"],
        profile.username,
        secrets["password"],
        user_field=said.get("usernameField", ""),
        password_field=said.get("passwordField", ""),
        extra=dict(parse_qsl(said.get("extra", ""))),
        totp=_totp(secrets),
        check=check,
    )


def _oauth(profile: AuthProfile, secrets: Mapping[str, str], check: Check) -> OAuthLogin:
    said, password = profile.settings, secrets.get("password", "")
    return OAuthLogin(
        profile.name,
        said["tokenUrl"],
        PASSWORD if password else CLIENT,
        said["clientId"],
        secrets["clientSecret"],
        user=profile.username or None,
        password=password,
        scope=said.get("scope", ""),
        check=check,
    )


def _recorded(profile: AuthProfile, secrets: Mapping[str, str], check: Check) -> RecordedLogin:
    return RecordedLogin(
        profile.name,
        tuple(_step(one) for one in profile.settings["steps"]),
        check,
        user=profile.username or None,
        password=secrets["password"],
        totp=_totp(secrets),
        carries=_headers(profile.settings.get("carries", ())),
    )


def _step(said: Mapping[str, Any]) -> Recorded:
    return Recorded(
        said["method"],
        said["url"],
        _headers(said.get("headers", ())),
        said.get("body", ""),
        tuple(Extract(**one) for one in said.get("extracts", ())),
        said.get("status", 0),
    )


def _headers(said: Sequence[Mapping[str, str]]) -> Headers:
    return tuple((one["name"], one["value"]) for one in said)


def _totp(secrets: Mapping[str, str]) -> Totp | None:
    return Totp(secrets["totpSeed"]) if secrets.get("totpSeed") else None


_BY_STEPS: Mapping[str, Callable[[AuthProfile, Mapping[str, str], Check], Login]] = {
    "form": _form,
    "oauth2": _oauth,
    "recorded": _recorded,
}
