"""TLS without a proxy: by flags, for every serve process; cookies and headers know it."""

import e2e_product as products
import requests
from certificates import certificate


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
