"""LDAP: find the person, bind as them, read their groups. Blocking: directories.py calls it in a thread."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from threatweaver.http.errors import ApiError
from threatweaver.sso.asserted import Asserted
from threatweaver.sso.directory import SECONDS, Directory
from threatweaver.sso.errors import ProviderMisconfigured, ProviderUnavailable, SsoRefused


def sign_in(directory: Directory, username: str, password: str) -> Asserted:
    """Return the person whose name and password these are. Raises SsoRefused, ProviderUnavailable."""
    if not password or not username.strip():  # an empty password would be an anonymous bind: a success
        raise SsoRefused(reason="BAD_CREDENTIALS")
    options = directory.options
    try:
        if options["userDnTemplate"]:
            dn = options["userDnTemplate"].replace("{username}", escape_rdn(username))
        else:
            dn = _found(directory, username)
        with _bound(directory, dn, password, SsoRefused(reason="BAD_CREDENTIALS")) as connection:
            return _person(connection, options, dn)
    except LDAPException:
        raise ProviderUnavailable from None


def probe(directory: Directory) -> None:
    """Connect, and bind as the service account where there is one.

    Raises ProviderMisconfigured, ProviderUnavailable.
    """
    try:
        with _service(directory):
            return
    except LDAPException:
        raise ProviderUnavailable from None


def _found(directory: Directory, username: str) -> str:
    """Return the one entry that the filter finds for this name."""
    options = directory.options
    wanted = options["userFilter"].replace("{username}", escape_filter_chars(username))
    with _service(directory) as connection:
        entries = _search(connection, options["baseDn"], wanted, [])
    if len(entries) != 1:
        raise SsoRefused(reason="BAD_CREDENTIALS")
    return str(entries[0]["dn"])


def _person(connection: Any, options: Mapping[str, Any], dn: str) -> Asserted:
    names = {
        options[name]
        for name in ("subjectAttribute", "emailAttribute", "nameAttribute", "groupsAttribute")
        if options[name]
    }
    entries = _search(connection, dn, "(objectClass=*)", sorted(names), scope=ldap3.BASE)
    if len(entries) != 1:
        raise SsoRefused(reason="BAD_CREDENTIALS")
    held = {name.lower(): value for name, value in entries[0]["attributes"].items()}

    def values(option: str) -> list[str]:
        value = held.get(options[option].lower(), [])
        items = value if isinstance(value, list) else [value]
        return [item.hex() if isinstance(item, bytes) else str(item) for item in items]

    def first(option: str) -> str:
        return next(iter(values(option)), "")

    groups = values("groupsAttribute") + _searched_groups(connection, options, dn)
    return Asserted(
        subject=first("subjectAttribute") or dn,
        email=first("emailAttribute").lower(),
        name=first("nameAttribute"),
        groups=tuple(dict.fromkeys(groups)),
        verified=True,
        mfa=False,
        claims={"dn": dn, **{name: _plain(value) for name, value in held.items()}, "groups": groups},
    )


def _searched_groups(connection: Any, options: Mapping[str, Any], dn: str) -> list[str]:
    if not options["groupBaseDn"]:
        return []
    wanted = options["groupFilter"].replace("{dn}", escape_filter_chars(dn))
    return [str(entry["dn"]) for entry in _search(connection, options["groupBaseDn"], wanted, [])]


def _search(
    connection: Any, base: str, wanted: str, attributes: list[str], *, scope: str = ldap3.SUBTREE
) -> list[Mapping[str, Any]]:
    connection.search(
        base, wanted, search_scope=scope, attributes=attributes, size_limit=1000, time_limit=SECONDS
    )
    return [entry for entry in connection.response or () if entry.get("type") == "searchResEntry"]


def _service(directory: Directory) -> AbstractContextManager[Any]:
    refusal = ProviderMisconfigured("The directory refuses the service account.")
    return _bound(directory, directory.options["bindDn"], directory.bind_password, refusal)


@contextmanager
def _bound(directory: Directory, dn: str, password: str, refusal: ApiError) -> Iterator[Any]:
    """Connect to the pinned address, with TLS as configured, and bind. Raises the refusal, LDAPException."""
    options = directory.options
    url = urlsplit(options["url"])
    tls = ldap3.Tls(
        validate=ssl.CERT_REQUIRED,
        ca_certs_data=options["caCertificate"] or None,
        valid_names=[Directory.host_of(options)],
        sni=Directory.host_of(options),
    )
    server = ldap3.Server(
        directory.address,
        port=url.port or (636 if url.scheme == "ldaps" else 389),
        use_ssl=url.scheme == "ldaps",
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=SECONDS,
    )
    authentication = ldap3.SIMPLE if dn else ldap3.ANONYMOUS
    connection = ldap3.Connection(
        server,
        user=dn or None,
        password=password or None,
        authentication=authentication,
        receive_timeout=SECONDS,
        check_names=False,
        auto_referrals=False,
        read_only=True,
    )
    try:
        connection.open()
        if options["startTls"]:
            connection.start_tls()
        if not connection.bind():
            raise refusal
        yield connection
    finally:
        connection.unbind()


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else str(value)
