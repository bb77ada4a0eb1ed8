"""What the log says of a request, and what it never says."""

import json
import uuid

import requests

SECRET = "a-secret-that-no-log-may-hold"


def lines(product):
    return [json.loads(line) for line in product.log.splitlines() if line.startswith("{")]


def request_line(product, answer):
    wanted = answer.headers["X-Request-Id"]
    found = [item for item in lines(product) if item.get("request_id") == wanted]
    return next(item for item in found if item["event"] == "request")


def test_a_refused_call_says_who_from_where_and_why(product):
    answer = product.request("POST", "/api/tags", json={"unknown": 1})
    line = request_line(product, answer)
    assert (line["status"], line["code"], line["address"]) == (400, "VALIDATION_ERROR", "127.0.0.1")
    assert uuid.UUID(line["user"])
    assert line["tenant"] == product.line["tenant"]
    stranger = requests.get(f"{product.url}/api/tags", timeout=20)
    line = request_line(product, stranger)
    assert (line["status"], line["code"], line.get("user")) == (401, "NO_TOKEN", None)


def test_a_path_makes_no_line_of_its_own(product):
    answer = requests.get(f"{product.url}/api/tags%0A%7B%22event%22:%22forged%22%7D", timeout=20)
    assert request_line(product, answer)["path"].endswith('\n{"event":"forged"}')
    assert "forged" not in {item["event"] for item in lines(product)}


def test_no_password_token_or_query_is_written(product):
    login = {"email": "nobody@example.com", "password": SECRET}
    requests.post(f"{product.url}/api/auth/login", json=login, timeout=20)
    product.get("/api/assets", params={"search": SECRET})
    product.get("/api/tags", headers={"X-API-Key": SECRET, "Cookie": f"refreshToken={SECRET}"})
    requests.post(f"{product.url}/api/auth/reset-password", json={"token": SECRET}, timeout=20)
    assert len(lines(product)) > 4
    assert SECRET not in product.log
    assert product.token() not in product.log
    assert product.password not in product.log
