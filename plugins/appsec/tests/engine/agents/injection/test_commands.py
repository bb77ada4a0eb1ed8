"""Commands run by a real shell, as applications call it: bare, quoted, filtered, without output."""

import asyncio
import shlex
import subprocess

import pytest

from threatweaver_appsec.engine.agents import commands


def shell(command, *, shown=True, forbidden=""):
    def answer(request):
        value = request.query["host"]
        if any(char in value for char in forbidden):
            return "refused"
        done = subprocess.run(
            command.format(value), shell=True, capture_output=True, text=True, timeout=9, check=False
        )
        return f"<pre>{done.stdout}{done.stderr}</pre>" if shown else "done"

    return answer


@pytest.mark.parametrize(
    ("command", "forbidden"),
    [
        ("echo {}", ""),
        ("echo '{}' 2>&1", ""),
        ('echo "{}" -c 1', ""),
        ("echo {}", "|"),
        ("echo {}", "|;"),
        ('echo "{}"', "|;\n&"),
    ],
)
async def test_what_a_shell_works_out_is_found(serve, command, forbidden):
    target = await serve({"GET /ping": shell(command, forbidden=forbidden)})
    ((agent, point, proof),) = await target.attack(commands.AGENTS, "/ping?host=a.test", only="os-command")
    assert (agent, point) == ("os-command", "host")
    assert "product" in proof.says
    assert target.requests <= 14


async def test_a_command_that_waits_is_found_by_its_times(serve):
    async def found(command):
        target = await serve({"GET /ping": shell(command, shown=False)})
        return await target.attack(commands.AGENTS, "/ping?host=a.test", only="os-command-time")

    lines = ("sleep 0; true {}", "true '{}'", 'true "{}"')
    for command, told in zip(lines, await asyncio.gather(*map(found, lines)), strict=True):
        assert [agent for agent, _, _ in told] == ["os-command-time"], command
        assert "Told to wait" in told[0][2].excerpt, command


async def test_a_command_that_calls_back_is_found(serve):
    target = await serve({"GET /ping": shell("true {}", shown=False)})
    found = await target.attack(commands.AGENTS, "/ping?host=a.test", only="os-command-callback")
    assert [agent for agent, _, _ in found] == ["os-command-callback"]


async def test_an_argument_is_no_command(serve):
    def listed(request):
        done = subprocess.run(["echo", request.query["host"]], capture_output=True, text=True, check=False)
        return f"<pre>{done.stdout}</pre>"

    def quoted(request):
        return shell("echo {}")(type("R", (), {"query": {"host": shlex.quote(request.query["host"])}}))

    target = await serve({"GET /listed": listed, "GET /quoted": quoted})
    for path in ("/listed", "/quoted"):
        assert await target.attack(commands.AGENTS, f"{path}?host=a.test") == []
