"""Texts that are made to keep a pattern busy: each look at one ends, since nothing else runs meanwhile."""

import time

import pytest

from threatweaver_appsec.engine.agent import Watcher
from threatweaver_appsec.engine.catalog import all_agents
from threatweaver_appsec.engine.messages import Exchange, Request, Response

LENGTH = 100_000
LONG = 8.0  # seconds; what grows with the square of the length takes minutes
SEEDS = (
    *(
        " ",
        "\n",
        " \t\r",
        "<",
        "<!--",
        '"',
        "'",
        "a",
        "0",
        "-",
        "/",
        "\\",
        "(",
        "[",
        "=",
        "a=",
        "a$",
        "1.2.3.4 ",
    ),
    *("<script>", "<a href=", "<form>", "location.hash=", "x=location.hash ", "var a = location.hash;"),
    *("document.write(", "eyJhbGciOi.", "password: ", "a@b.c ", "4111111111111111 ", "//#sourceMappingURL="),
)


@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/javascript"])
def test_each_look_ends(kind):
    watchers = [agent for agent in all_agents() if isinstance(agent, Watcher)]
    assert len(watchers) > 10
    slow = []
    for seed in SEEDS:
        text = seed * (LENGTH // len(seed)) + " end"
        body = (f"<html><body><script>{text}" if kind == "text/html" else text).encode()
        for watcher in watchers:
            answer = Response(200, (("Content-Type", kind),), body, 0.1, False, len(body))
            exchange = Exchange(Request("GET", "http://a.test/x?q=1"), answer, None, "ann")
            began = time.process_time()
            list(watcher.look(exchange))
            if time.process_time() - began > LONG:
                slow.append((watcher.about.id, seed))
    assert slow == []
