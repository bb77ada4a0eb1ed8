"""Files read as applications read them, with and without folders, endings and filters."""

from pathlib import Path

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import traversal


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "one.txt").write_text("the first page")
    return tmp_path / "docs"


def reading(place):
    def answer(request):
        try:
            return web.Response(text=Path(place(request.query["file"])).read_text())
        except (OSError, ValueError):
            return web.Response(status=404, text="no such page")

    return answer


async def test_a_file_outside_of_its_folder_is_found(serve, folder):
    places = {
        "/joined": lambda value: folder / value,
        "/beside": lambda value: f"{folder}/{value}",
        "/glued": lambda value: f"{folder}{value}",
        "/once": lambda value: f"{folder}/{value.replace('../', '')}",
        "/whole": lambda value: value,
        "/prefixed": lambda value: value if value.startswith(str(folder)) else "/none",
    }
    target = await serve({f"GET {path}": reading(place) for path, place in places.items()})
    for path in places:
        value = f"{folder}/one.txt" if path == "/prefixed" else "one.txt"
        ((agent, point, proof),) = await target.attack(traversal.AGENTS, f"{path}?file={value}")
        assert (agent, point) == ("path-traversal", "file"), path
        assert "root:" in proof.excerpt


async def test_a_file_inside_of_its_folder_is_not(serve, folder):
    def safe(value):
        place = (folder / value).resolve()
        return place if place.is_relative_to(folder) else folder / "none"

    def echo(request):
        return f"<p>No file {request.query['file']}: root, x, 0 and 0 are words</p>"

    target = await serve({"GET /safe": reading(safe), "GET /echo": echo, "GET /same": lambda _: "fixed"})
    for path in ("/safe", "/echo", "/same"):
        assert await target.attack(traversal.AGENTS, f"{path}?file=one.txt") == []
    before = target.requests
    await target.attack(traversal.AGENTS, "/same?file=one.txt")
    assert target.requests - before == 3  # what the value does not change is left after one attack


async def test_source_that_a_filter_gives_away_is_found(serve):
    def include(request):
        name = request.query["page"]
        encoded = "PD9waHAgJHBhc3N3b3JkID0gInNlY3JldCI7IGVjaG8gMTs="
        return encoded if name == "php://filter/convert.base64-encode/resource=index" else f"page {len(name)}"

    target = await serve({"GET /": include})
    ((_, _, proof),) = await target.attack(traversal.AGENTS, "/?page=home.html")
    assert proof.excerpt.startswith("<?php $password")
