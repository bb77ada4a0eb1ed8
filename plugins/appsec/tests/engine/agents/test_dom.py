"""What of an address reaches a page as markup or code, by the text of the page's scripts."""

import pytest

from threatweaver_appsec.engine.agents.dom import flows

OPEN = [
    "document.write(decodeURI(location.href.substring(9)));",
    "var lang = location.href.split('=')[1]; document.write('<option>' + decodeURIComponent(lang));",
    "box.innerHTML = unescape(location.search);",
    "box.innerHTML = new URLSearchParams(location.search).get('q');",
    "var q = new URLSearchParams(location.search).get('q'); box.insertAdjacentHTML('beforeend', q);",
    "document.write(location.hash.substring(1));",
    "box.innerHTML = window.name;",
    "eval(location.search.slice(1));",
    "var job = location.search.slice(1); setTimeout(job + '()', 1);",
]
CLOSED = [
    "document.write(location.href.substring(9));",
    "var lang = location.href.split('=')[1]; document.write('<option value=x>' + lang + '</option>');",
    "box.innerHTML = document.URL;",
    "box.innerHTML = encodeURIComponent(decodeURIComponent(location.search));",
    "box.textContent = decodeURIComponent(location.hash);",
    "var q = parseInt(new URLSearchParams(location.search).get('q')); box.innerHTML = q;",
    "location.href = '/next';",
]


@pytest.mark.parametrize("script", OPEN)
def test_what_is_markup_or_code_by_then_is_told(script):
    assert list(flows(script))


@pytest.mark.parametrize("script", CLOSED)
def test_what_browsers_or_the_page_encode_is_not(script):
    assert list(flows(script)) == []
