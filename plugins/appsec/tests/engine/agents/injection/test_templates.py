"""Values that are evaluated, by engines as small as they can be, and values that are only shown."""

import re

import jinja2
import pytest

from threatweaver_appsec.engine.agents import templates

NAMES = {"__builtins__": {"chr": chr, "str": str, "len": len}}


def worked_out(pattern):
    """An engine that works out products between its signs, and shows the rest as it is."""

    def show(value):
        return re.sub(pattern, lambda found: str(int(found[1]) * int(found[2])), value)

    return show


ENGINES = {
    "double braces": worked_out(r"\{\{(\d+)\*(\d+)\}\}"),
    "dollar": worked_out(r"\$\{(\d+)\*(\d+)\}"),
    "hash": worked_out(r"#\{(\d+)\*(\d+)\}"),
    "percent": worked_out(r"<%= (\d+)\*(\d+) %>"),
    "braces": lambda v: worked_out(r"\{(\d+)\*(\d+)\}")(v) if "{{" not in v else v,
    "razor": worked_out(r"@\((\d+)\*(\d+)\)"),
}


@pytest.mark.parametrize("kind", ENGINES)
async def test_an_engine_that_evaluates_the_value_is_told_by_its_signs(serve, kind):
    target = await serve({"GET /": lambda request: f"<p>Hello {ENGINES[kind](request.query['name'])}</p>"})
    found = await target.attack(templates.AGENTS, "/?name=ann", only="template-injection")
    assert [point for _, point, _ in found] == ["name"]


async def test_jinja_is_found(serve):
    def greet(request):
        try:
            return jinja2.Template("<p>Hello " + request.query["name"] + "</p>").render()
        except jinja2.TemplateError:
            return "<p>failed</p>"

    target = await serve({"GET /": greet})
    ((_, _, proof),) = await target.attack(templates.AGENTS, "/?name=ann", only="template-injection")
    assert "Jinja" in proof.says


def python(wrap):
    def answer(request):
        try:
            return f"<p>{eval(wrap.format(request.query['q']), NAMES)}</p>"
        except Exception as error:  # noqa: BLE001 - whatever the code raises
            return f"<p>{type(error).__name__}</p>"

    return answer


@pytest.mark.parametrize("wrap", ["{}", "'{}'", '"{}"', "len('a') and '{}'"])
async def test_code_of_python_that_runs_is_found(serve, wrap):
    target = await serve({"GET /": python(wrap)})
    ((_, _, proof),) = await target.attack(templates.AGENTS, "/?q=1", only="code-injection")
    assert "Python" in proof.says


async def test_directives_of_a_server_are_found(serve):
    def include(request):
        kept = {}

        def run(found):
            if found[1] == "set":
                name, value = re.findall(r'"(.*?)"', found[2])
                kept[name] = value
                return ""
            return kept.get(re.findall(r'"(.*?)"', found[2])[0], "")

        return "<p>" + re.sub(r"<!--#(set|echo) (.*?)-->", run, request.query["q"]) + "</p>"

    target = await serve({"GET /": include})
    found = await target.attack(templates.AGENTS, "/?q=1", only="server-side-include")
    assert [point for _, point, _ in found] == ["q"]


async def test_a_value_that_is_shown_or_hidden_is_not_evaluated(serve):
    target = await serve(
        {
            "GET /shown": lambda request: f"<p>{request.query['q']}</p>",
            "GET /hidden": lambda _: "<p>thanks</p>",
        }
    )
    for path in ("/shown", "/hidden"):
        assert await target.attack(templates.AGENTS, f"{path}?q=1") == []
    before = target.requests
    await target.attack(templates.AGENTS, "/hidden?q=1", only="template-injection")
    assert target.requests - before == 3
