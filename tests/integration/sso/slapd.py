"""A real OpenLDAP server on loopback, with a private configuration and a few people."""

import asyncio
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import ldap3
from aiohttp.test_utils import unused_port

BASE = "dc=example,dc=com"
ROOT = f"cn=root,{BASE}"
PASSWORD = "service account 7"
_SLAPD = "/usr/sbin/slapd"
_CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {home}/slapd.pid
database mdb
maxsize 10485760
suffix "{base}"
rootdn "{root}"
rootpw "{password}"
directory {home}/data
overlay memberof
"""


@asynccontextmanager
async def directory():
    """The server's ldap:// URL, while it runs."""
    assert Path(_SLAPD).exists(), "run: apt-get install --yes --no-install-recommends slapd ldap-utils"
    home = Path(tempfile.mkdtemp(prefix="threatweaver-slapd-"))
    (home / "data").mkdir()
    text = _CONFIG.format(home=home, base=BASE, root=ROOT, password=PASSWORD)
    (home / "slapd.conf").write_text(text, encoding="utf-8")
    url = f"ldap://127.0.0.1:{unused_port()}"
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        _SLAPD, "-d", "0", "-h", url, "-f", str(home / "slapd.conf"), stdout=quiet, stderr=quiet
    )
    try:
        await _listening(int(url.rsplit(":", 1)[1]), process)
        await asyncio.to_thread(_fill, url)
        yield url
    finally:
        process.terminate()
        await process.wait()
        shutil.rmtree(home, ignore_errors=True)


async def _listening(port, process):
    async with asyncio.timeout(30):
        while True:
            assert process.returncode is None, "slapd did not start"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


def _fill(url):
    server = ldap3.Server(url, get_info=ldap3.NONE)
    with ldap3.Connection(server, ROOT, PASSWORD, auto_bind=True, check_names=False) as connection:

        def add(dn, classes, **attributes):
            assert connection.add(dn, classes, attributes), connection.result

        add(BASE, ["dcObject", "organization"], o="Example", dc="example")
        for unit in ("people", "groups"):
            add(f"ou={unit},{BASE}", "organizationalUnit")
        for name in ("ada", "bob"):
            add(
                f"uid={name},ou=people,{BASE}",
                "inetOrgPerson",
                cn=name.title(),
                sn=name.title(),
                mail=f"{name}@example.com",
                userPassword=f"{name}'s password",
            )
        add(f"cn=secops,ou=groups,{BASE}", "groupOfNames", member=f"uid=ada,ou=people,{BASE}")
