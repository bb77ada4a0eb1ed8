"""From an authentication profile to a login as the engine takes it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import orjson

from threatweaver_appsec.auth_profiles.models import AuthProfile
from threatweaver_appsec.engine.logins.check import Check
from threatweaver_appsec.engine.logins.form import FormLogin
from threatweaver_appsec.engine.logins.oauth import CLIENT, PASSWORD, OAuthLogin
from threatweaver_appsec.engine.logins.totp import Totp
from threatweaver_appsec.engine.logins.values import Carried
from threatweaver_appsec.engine.ports import Login


async def of(kernel: Any, profile_ids: Sequence[UUID]) -> list[Login] | str:
    """Return the logins of profiles in their order; a sentence where one of them is gone."""
    found = {profile.id: profile for profile in await AuthProfile.filter(id__in=list(profile_ids))}
    if len(found) != len(set(profile_ids)):
        return "One of the authentication profiles is gone."
    return [login_of(kernel, found[one]) for one in dict.fromkeys(profile_ids)]


def login_of(kernel: Any, profile: AuthProfile) -> Login:
    """Return the login of a profile, its secrets opened."""
    opened = kernel.secrets.open(profile.sealed_secrets, purpose=f"appsec.auth:{profile.id}")
    secrets: Mapping[str, str] = orjson.loads(opened)
    said = profile.settings
    check = Check(said["checkUrl"], signed_in=re.escape(said.get("checkText", "")))
    if profile.kind == "form":
        return _form(profile, secrets, check)
    if profile.kind == "oauth2":
        return _oauth(profile, secrets, check)
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
        totp=Totp(secrets["totpSeed"]) if secrets.get("totpSeed") else None,
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
