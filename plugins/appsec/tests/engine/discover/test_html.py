"""Pages: what a browser would follow and send, whatever the document looks like."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threatweaver_appsec.engine.discover import html
from threatweaver_appsec.engine.discover.forms import Field, Form, fill_in, submit
from threatweaver_appsec.engine.discover.urls import canonical, is_static
from threatweaver_appsec.engine.messages import Response

URL = "http://a.test/shop/list"
PAGE = """<!doctype html><head><title>Shop &amp; more</title><base href="/b/"><meta name=generator content="CMS 1.2">
<meta http-equiv=refresh content="5; url='next'"><link rel=stylesheet href=a.css><link rel=next href=two>
<script src=app.js></script><script>fetch("/api/x")</script></head>
<a href="one?x=1#top">First</a><a href="javascript:void(0)">no</a><a href="mailto:a@b">no</a>
<a href="//other.test/y">Other</a><!-- todo: remove admin --><iframe src=frame></iframe><img src="/i.php?id=1">
<button onclick="location.href='/clicked'">Go</button><a href=#here>no</a>"""  # noqa: E501
FORM = """<form action="/save?x=1" method=post id=f><input name=mail type=email><input type=hidden name=token value=t0>
<input name=n type=number min=5><input name=when type=date><input name=pw type=password><input name=off disabled>
<select name=color><option value="">?</option><option value=r>Red<option selected value=g>Green</select>
<textarea name=note> hi </textarea><input type=radio name=r value=1><input type=radio name=r value=2 checked>
<input type=checkbox name=c><input type=submit name=go value=Go><input type=submit name=del value=Delete>
<input type=reset name=nope><input name=short maxlength=3></form><input form=f name=outside value=o>"""  # noqa: E501


def test_what_a_page_refers_to_is_found():
    page = html.parse(PAGE, URL)
    assert (page.title, page.generator) == ("Shop & more", "CMS 1.2")
    assert {link.url: link.text for link in page.links} == {
        "http://a.test/b/next": "",
        "http://a.test/b/two": "",
        "http://a.test/b/one?x=1": "First",
        "http://other.test/y": "Other",
        "http://a.test/b/frame": "",
        "http://a.test/i.php?id=1": "",
        "http://a.test/clicked": "Go",
    }
    assert page.scripts == ("http://a.test/b/app.js",)
    assert page.inline[0] == 'fetch("/api/x")'
    assert page.comments == (" todo: remove admin ",)


def test_a_form_is_filled_in_and_sent_as_a_browser_would():
    (form,) = html.parse(FORM, URL).forms
    assert [field.name for field in form.buttons] == ["go", "del"]
    request = submit(form)
    assert (request.method, request.url) == ("POST", "http://a.test/save?x=1")
    assert request.body.decode() == (
        "mail=alex%40example.com&token=t0&n=5&when=2024-05-17&pw=Aa1%21threatweaver&color=g&note=hi&r=2&c=on"
        "&go=Go&short=thr&outside=o"
    )
    assert b"del=Delete" in submit(form, {"mail": "x"}, button=form.buttons[1]).body


def test_a_form_that_gets_replaces_the_query_and_a_file_makes_it_multipart():
    get = html.parse("<form action='/s?old=1'><input name=q></form>", URL).forms[0]
    assert submit(get).url == "http://a.test/s?q=threatweaver"
    upload = html.parse(
        "<form method=post enctype=multipart/form-data><input type=file name=f><input name=a></form>", URL
    ).forms[0]
    request = submit(upload)
    assert request.media_type == "multipart/form-data"
    assert request.body.count(b"Content-Disposition") == 2
    assert b'name="f"; filename="note.txt"' in request.body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field("user_email"), "alex@example.com"),
        (Field("productId"), "1"),
        (Field("x", "url"), "https://example.com/"),
        (Field("csrf", "hidden", ""), ""),
        (Field("q", "text", "kept"), "kept"),
        (Field("s", "select", "", ("", "b")), "b"),
    ],
)
def test_what_is_filled_in_is_sensible(field, value):
    assert fill_in(field) == value


def test_a_page_is_decoded_as_it_says():
    body = '<meta charset="iso-8859-1"><title>Caf\xe9</title>'.encode("latin-1")
    assert html.read(Response(200, (), body, 0.0), URL).title == "Café"
    assert html.read(Response(200, (), b"<meta charset=zzz><title>x</title>", 0.0), URL).title == "x"
    assert html.read(Response(200, (), b"\xff\xfe<\0a\0", 0.0), URL).url == URL


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://A.test:80/x/../y/./z/#f", "http://a.test/y/z/"),
        ("  /a b\n", "http://a.test/a%20b"),
        ("/a;jsessionid=1F?x", "http://a.test/a?x"),
        ("?p=%zz&q=é", "http://a.test/shop/list?p=%25zz&q=%C3%A9"),
        ("//b\\c", "http://b/c"),
        ("http://[::1", None),
        ("http://a.test:99999/", None),
        ("ftp://a.test/", None),
        ("http://ä.test/", "http://xn--4ca.test/"),
        ("http://" + "a" * 70 + ".test/é", "http://" + "a" * 70 + ".test/%C3%A9"),
        ("x" * 5_000, None),
    ],
)
def test_urls_are_written_in_one_way(url, expected):
    assert canonical(url, URL) == expected


def test_pictures_are_static_unless_they_are_asked_something():
    assert is_static("http://a.test/x.PNG")
    assert not is_static("http://a.test/x.png?id=1")
    assert not is_static("http://a.test/x.js")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "<div>" * 200_000,
        "<a href=x>" * 300_000,
        "<b data-url=x>" * 140_000,
        "<form>" * 100_000 + "<input name=a>" * 1_000,
        "<select>" + "<option>" * 300_000,
        "<!--" * 500_000,
        "<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;&b;'>]><a href='&d;'>",
        "<script>" + "x" * 3_000_000,
        "<a " + "b=c " * 200_000 + ">",
        "<![CDATA[" * 10_000,
        "<?xml version='1.0' encoding='nonsense'?><a href=x>",
    ],
    ids=range(13),
)
def test_a_hostile_page_is_read_in_bounded_time(text):
    began = time.process_time()
    page = html.parse(text, URL)
    assert time.process_time() - began < 15
    assert len(page.links) <= html.MOST_LINKS
    assert all(len(form.fields) <= html.MOST_FIELDS for form in page.forms)
    assert sum(map(len, page.inline)) <= html.MOST_TEXT


_TAGS = st.sampled_from(
    [
        "<a href='",
        "<form action=",
        "<input name=",
        "<select><option",
        "<base href=",
        "<!--",
        "-->",
        "<script>",
        "'>",
        ">",
        "<iframe src=",
        "<meta http-equiv=refresh content='",
        "<meta charset=",
        "</form>",
        "onclick=location='",
        "<textarea>",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_TAGS | st.text(max_size=20), max_size=40).map("".join))
def test_any_page_gives_requests_that_can_be_sent(text):
    page = html.parse(text, URL)
    for link in page.links:
        assert canonical(link.url) == link.url
    for form in page.forms:
        request = submit(form)
        assert request.url.startswith(("http://", "https://"))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read(body):
    assert (
        html.read(Response(200, (("Content-Type", "text/html; charset=utf-16"),), body, 0.0), URL).url == URL
    )


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_a_url_written_in_one_way_stays_as_it_is(text):
    found = canonical(text, URL)
    assert found is None or canonical(found) == found
    assert (
        submit(Form(URL, "GET", (Field(text, "text", text),))).url.startswith("http://a.test/shop/list?")
        or not text
    )
