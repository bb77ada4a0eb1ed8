"""SimpleSAMLphp as an identity provider on loopback, with a private configuration and one user."""

import datetime as dt
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

WWW = Path("/usr/share/simplesamlphp/www")
USER, PASSWORD = "student", "studentpass"

_CONFIG = """<?php
$config = [
    'baseurlpath' => '{url}/', 'certdir' => '{home}/', 'loggingdir' => '{home}/', 'datadir' => '{home}/',
    'tempdir' => '{home}/tmp', 'metadatadir' => '{home}/', 'secretsalt' => 'e2e',
    'logging.handler' => 'errorlog',
    'auth.adminpassword' => 'e2e', 'timezone' => 'UTC', 'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'store.type' => 'phpsession', 'session.phpsession.savepath' => '{home}/tmp',
    'session.cookie.secure' => false,
    'language.default' => 'en', 'language.available' => ['en'], 'theme.use' => 'default',
    'metadata.sources' => [['type' => 'flatfile', 'directory' => '{home}/'],
                           ['type' => 'xml', 'file' => '{home}/sp.xml']],
];
"""
_SOURCES = """<?php
$config = ['people' => ['exampleauth:UserPass', '{user}:{password}' => [
    'uid' => ['{user}'], 'mail' => ['{user}@example.com'], 'displayName' => ['Stu Dent'],
    'groups' => ['secops', 'everybody']]]];
"""
_HOSTED = """<?php
$metadata['{url}/idp'] = ['host' => '__DEFAULT__', 'privatekey' => 'idp.key', 'certificate' => 'idp.crt',
    'auth' => 'people', 'assertion.encryption' => true, 'validate.authnrequest' => true,
    'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid',
        'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'];
"""


@contextmanager
def identity_provider():
    """A running provider: its URL, and the folder where `sp.xml` introduces the service provider to it."""
    hint = "run: apt-get install --yes --no-install-recommends simplesamlphp php-cli php-xml php-mbstring"
    assert WWW.exists(), hint
    assert shutil.which("php"), hint
    home = Path(tempfile.mkdtemp(prefix="threatweaver-idp-"))
    (home / "tmp").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # By name, so that it is another site than the product at 127.0.0.1 and its form posts across sites.
    url = f"http://localhost:{port}"
    values = {"home": str(home), "url": url, "user": USER, "password": PASSWORD}
    files = {"config": _CONFIG, "authsources": _SOURCES, "saml20-idp-hosted": _HOSTED}
    for name, text in files.items():
        for key, value in values.items():
            text = text.replace(f"{{{key}}}", value)  # noqa: PLW2901 - PHP has braces of its own
        (home / f"{name}.php").write_text(text, encoding="utf-8")
    (home / "saml20-sp-remote.php").write_text("<?php\n", encoding="utf-8")
    _write_key_pair(home)
    with (home / "php.log").open("wb") as log:
        process = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{port}", "-t", str(WWW)],
            env={**os.environ, "SIMPLESAMLPHP_CONFIG_DIR": str(home), "PHP_CLI_SERVER_WORKERS": "2"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(url, process, home)
        yield url, home
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # its workers, too, which would outlive it
        process.wait(10)
        shutil.rmtree(home, ignore_errors=True)


def _write_key_pair(home):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (home / "idp.key").write_bytes(private)
    (home / "idp.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _wait_for(url, process, home):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, (home / "php.log").read_text()
        with suppress(requests.ConnectionError):
            requests.get(f"{url}/index.php", timeout=20, allow_redirects=False)
            return
        time.sleep(0.1)
    raise AssertionError((home / "php.log").read_text())
