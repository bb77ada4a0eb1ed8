"""TLS without a proxy: by flags, for every serve process; cookies and headers know it."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import e2e_product as products
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(folder):
    """Write a certificate for 127.0.0.1 and its key; return both paths."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


def test_the_product_speaks_tls_itself(home, tmp_path):
    cert, key = certificate(tmp_path)
    started = products.start(home, "--port", "0", "--tls-cert", str(cert), "--tls-key", str(key))
    assert started.url.startswith("https://")
    body = {"email": started.line["admin"]["email"], "password": started.password}
    answer = requests.post(f"{started.url}/api/auth/login", json=body, verify=str(cert), timeout=20)
    assert answer.status_code == 200
    assert all(cookie.secure for cookie in answer.cookies)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert started.stop() == 0


def test_a_certificate_without_its_key_is_an_error_in_one_line(home, tmp_path):
    cert, _ = certificate(tmp_path)
    ended = products.run("up", "--home", str(home), "--tls-cert", str(cert))
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "TW_TLS_KEY" in ended.stderr
