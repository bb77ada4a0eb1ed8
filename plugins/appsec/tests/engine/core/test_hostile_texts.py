"""What a target writes is data in everything that is made of it: shells, reports, logs, stored JSON."""

import io
import json
import socketserver
import subprocess
import threading
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from lxml import html
from pypdf import PdfReader

from threatweaver_appsec.__main__ import main
from threatweaver_appsec.engine.agent import About, Operation, Proof, Safety, Severity
from threatweaver_appsec.engine.archive import LONGEST_BODY, har
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.findings import Hit, finding_of
from threatweaver_appsec.engine.messages import Exchange, Request, Response
from threatweaver_appsec.engine.ports import Session
from threatweaver_appsec.engine.replay import curl
from threatweaver_appsec.engine.reports import FILES, FORMATS
from threatweaver_appsec.engine.reports.pdf import CODE, TEXT, shown, wrapped
from threatweaver_appsec.engine.reports.result import Result
from threatweaver_appsec.stored import json_text

SHELL = "'; touch /tmp/owned; echo '$(id)`id`\"${HOME}\\\n!! #"
PASTED = "a\x1b[201~\rrm -rf /\r\u202e\x07\x00\u009b\t"
MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>]]>--><!-- {{7*7}} [a](https://evil.test)"


def exchange_of(url="http://a.test/x", *, method="GET", headers=(), body=b"", text="", answered=()):
    request = Request(method, url, tuple(headers), body)
    response = Response(200, (("Content-Type", "text/html"), *answered), text.encode(), 0.1, False, len(text))
    return Exchange(request, response)


def words_of(line):
    """The arguments that a shell would give to curl, and what it would give as its input."""
    script = f"""curl() {{ printf '%s\\0' "$@"; case "$*" in *@-*) cat ;; esac; }}; {line}"""
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True, timeout=20)
    assert done.stderr == b""
    *words, given = done.stdout.split(b"\0") if b"@-" not in done.stdout else done.stdout.split(b"\0", 30)
    return [word.decode() for word in words], given


@pytest.mark.parametrize(
    "text", [SHELL, MARKUP, "plain", "@/etc/passwd", "-o/tmp/owned", PASTED.replace("\0", "")]
)
def test_a_line_of_curl_gives_curl_what_was_sent_and_nothing_to_the_shell(text):
    url = f"http://a.test/{text}?{text}"
    value = text.replace("\n", "")
    line = curl([exchange_of(url, method=f"GET{text}", headers=[("X-A", value)], body=text.encode())])
    words, given = words_of(line)
    assert url in words
    assert f"GET{text}".encode() in [word.encode() for word in words]
    assert f"X-A: {value}" in words
    assert text in words or given == text.encode()
    assert all(char.isprintable() or char == "\n" for char in line)  # a terminal obeys nothing of it


def test_a_header_that_is_none_is_left_out():
    line = curl(
        [exchange_of(headers=[("@/etc/passwd", "x"), ("A b", "x"), ("X-\x1b", "x"), ("X-Good", "x")])]
    )
    words, _ = words_of(line)
    assert [words[at + 1] for at, word in enumerate(words) if word == "-H"] == ["X-Good: x"]


def test_no_secret_is_cut_in_two_or_left_in_another_way_of_writing():
    secret = "s3cret-session-value-0123456789"
    text = "x" * (LONGEST_BODY - 5) + secret
    where = f"/next?token={secret}&sid=abcdef-9876"
    one = exchange_of(
        f"http://a.test/x?token=abcdef-9876&q={secret}",
        text=text,
        answered=[("Location", where), ("X", secret)],
    )
    said = json.dumps(har([one], 0.0, frozenset({secret})))
    assert "s3c" not in said
    assert '"value": "abcdef-9876"' not in said


async def test_a_password_is_a_secret_however_it_is_written():
    client = Client(None, None, "scan", lambda *_: None)
    client.enter("ann", Session((("X-Key", "key-0123456789"),), (), ('p@ss "word"/é',)))
    client.forget("ann")
    secrets = client.secrets()
    body = b"user=ann&pass=p%40ss+%22word%22%2F%C3%A9"
    said = json.dumps(har([exchange_of(method="POST", body=body)], 0.0, secrets))
    assert "p%40ss" not in said
    assert "p%40ss" not in curl([exchange_of(method="POST", body=body)], None, secrets)
    assert "key-0123456789" in secrets


def finding(text):
    about = About(f"agent{text}", text, 79, Severity.HIGH, text, text, owasp=text, safety=Safety.SAFE)
    one = exchange_of(f"http://a.test/{text}", headers=[("X-A", text)], body=text.encode(), text=text)
    proof = Proof(text, text, (one,), key=text)
    return finding_of(Hit(about, proof, Operation(one.request, one, "link")), base="http://a.test", at=0.0)


@pytest.mark.parametrize("text", [SHELL, MARKUP, PASTED])
def test_reports_show_a_targets_words_as_words(text):
    result = Result("http://a.test", "0", reason=text)
    result.findings = [finding(text)]
    result.coverage = {"not_tested": [{"what": text, "why": text}], "agents": [{"agent": f"agent{text}"}]}
    page = html.document_fromstring(FORMATS["html"](result).replace("\0", ""))
    assert page.xpath("//script | //img | //a | //@onerror") == []
    assert page.xpath("//article")
    suite = ET.fromstring(FORMATS["junit"](result))
    assert len(list(suite.iter("failure"))) == 1
    run = json.loads(FORMATS["sarif"](result))["runs"][0]
    assert "[a](" not in run["results"][0]["message"]["text"]
    for form in ("json", "har"):
        json.loads(FORMATS[form](result))
    file = io.BytesIO()
    FILES["pdf"](result, file)
    document = PdfReader(file, strict=True)
    assert set(document.trailer["/Root"]) <= {"/Type", "/Pages", "/PageMode"}
    assert not any("/Annots" in page or "/AA" in page for page in document.pages)
    # spelled out as the paper shows it, line breaks aside
    said = "".join(page.extract_text() for page in document.pages)
    assert "".join(shown(text).split()) in "".join(said.split())


def test_a_text_on_paper_is_cut_at_its_end_and_into_lines_that_fit():
    assert shown("a\tb\r\n\u202e\U0001f600\ud800\x1b€") == "a    b\n\\u202e\\U0001f600\\ud800\\x1b€"
    assert shown("x" * 6_000).endswith("x\n[1000 more characters]")
    width = 100.0  # points: 20 letters of Courier at 8.333
    code = replace(CODE, size=width / 20 / 0.6)
    assert list(wrapped("a" * 45 + " " + "b" * 15 + " " + "c" * 4, code, width)) == [
        *("a" * 20, "a" * 20, "a" * 5),
        *("b" * 15 + " cccc",),
    ]
    assert list(wrapped("", code, width)) == [""]
    text = " ".join("wil ia m"[: n % 8 + 1] for n in range(5_000))
    assert "".join("".join(wrapped(text, TEXT, 400)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("\\u0000", "\\u0000"),
        ("/[\\u0000-\\u001f]/", "/[\\u0000-\\u001f]/"),
        ("a\0b", "ab"),
        ('\\\0"\0\\', '\\"\\'),
        ('\\u0000"}, {"kind": "done"', '\\u0000"}, {"kind": "done"'),
        ("\ud800x\udfff", "?x?"),
        ("\ud83d", "?"),
    ],
)
def test_stored_json_holds_what_a_target_wrote(said, kept):
    assert json.loads(json_text({"a": [said]})) == {"a": [kept]}


class _Elsewhere(socketserver.StreamRequestHandler):
    """Sends everybody to an address that would be several fields of a log."""

    def handle(self):
        while self.rfile.readline().strip():
            pass
        place = b"http://b.test/\tx\t200\tforged\xc2\x9b2J"
        self.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n")


def test_a_line_of_the_log_is_one_line(tmp_path, capsys):
    log = tmp_path / "log"
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}"
        main(["scan", base, "--allow-private", "--quiet", "--profile", "passive", "--log", str(log)])
        server.shutdown()
    lines = log.read_text().splitlines()
    assert lines
    assert {line.count("\t") for line in lines} == {10}
    assert "forged" in log.read_text()
    assert "\u009b" not in log.read_text()
