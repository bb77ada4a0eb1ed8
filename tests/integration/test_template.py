"""The template: it loads plugins for all that is forked from it, and no thread is lost."""

import os

import pytest

from threatweaver.processes.forking import Template, TemplateGone

PLUGIN = "import os, pathlib\npathlib.Path(os.environ['TOLD']).open('a').write(f'{os.getpid()}\\n')\n"
HEAVY = """import os, pathlib, sys
import threatweaver.app
found = sorted({'onelogin', 'xmlsec', 'reportlab', 'openpyxl'} & sys.modules.keys())
pathlib.Path(os.environ['TOLD']).write_text(repr(found))
"""
THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"


@pytest.fixture
async def template(tmp_path):
    """A function that starts a template which finds a module `named` with this text."""
    started = []

    async def start(text):
        (tmp_path / "named.py").write_text(text)
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "TOLD": str(tmp_path / "told")}
        started.append(await Template.start(environment))
        return started[-1]

    yield start
    for item in started:
        await item.end()


async def test_a_module_is_imported_once_and_by_the_template(template, tmp_path):
    found = await template(PLUGIN)
    await found.load(["there_is_none", "named"])
    assert (tmp_path / "told").read_text() == f"{found.process.pid}\n"


async def test_a_thread_ends_the_template_rather_than_being_lost(template):
    found = await template(THREAD)
    with pytest.raises(TemplateGone):
        await found.load(["named"])
    assert await found.process.wait() == 1


async def test_what_is_heavy_and_seldom_used_is_not_loaded_into_every_process(template, tmp_path):
    await (await template(HEAVY)).load(["named"])
    assert (tmp_path / "told").read_text() == "[]"
