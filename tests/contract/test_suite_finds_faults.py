"""The conformance suite fails for each promise that a plugin breaks, and for no other."""

import os
import re
import subprocess
import sys

import pytest

from threatweaver.plugins import starter

ROUTES = '''

@table.route("GET", "/jobs/{jobId}", permission=Perm.NOTE_READ, returns=bare(Known), scope=Scope.CONTROL)
async def job_of_anybody(ctx: Context) -> dict[str, bool]:
    """Say whether anybody has a job."""
    if not await connection().fetchval("SELECT 1 FROM job WHERE id = $1", ctx.uuid("jobId")):
        raise NotFound
    return {"known": True}


@table.route("GET", "/short", permission=Perm.NOTE_READ, returns=bare(Known))
async def short(_: Context) -> dict[str, bool]:
    """Answer without what the document promises."""
    return {}
'''
SCHEMA = "class Known(Schema):\n    known = fields.Boolean(required=True)\n\n\n"
ONCE = '    assert "again" not in vars(service)\n    service.again = True\n'
STRAY = 'ops.RunSQL("CREATE TABLE stray (a int)"),'
UNUSED = 'Permission("faulty:note:never", "Never asked for", EVERYONE),'
FAULTS = {
    "pyproject.toml": [
        ('readme = "README.md"\n', ""),
        ('license-files = ["LICENSE"]\n', "license-files = []\n"),
    ],
    "threatweaver_faulty/notes/routes.py": [
        ("import Context, ", "import Context, Scope, bare, connection, "),
        ("import NoteCreate, ", "import Known, NoteCreate, "),
        ('"""Finish a note."""', f'"""{"Finish a note, " * 9}done."""'),
    ],
    "threatweaver_faulty/notes/schemas.py": [("class NoteOut(", f"{SCHEMA}class NoteOut(")],
    "threatweaver_faulty/notes/service.py": [("\n\n\n", "\nfrom threatweaver.testing import contract\n\n\n")],
    "threatweaver_faulty/notes/models.py": [("max_length=200", "max_length=300")],
    "threatweaver_faulty/notes/jobs.py": [
        ("faulty.forget_notes", "notes.forget"),
        ("timeout=timedelta(minutes=5)", "timeout=timedelta(days=2)"),
        ("    await service.forget(", f"{ONCE}    await service.forget("),
    ],
    "threatweaver_faulty/migrations/0001_initial.py": [("operations = [", f"operations = [{STRAY}")],
    "threatweaver_faulty/permissions.py": [("PERMISSIONS = (", f"PERMISSIONS = ({UNUSED}")],
}
FAILING = {
    "test_declarations.py::test_every_job_is_named_after_its_plugin_and_bounded",
    "test_declarations.py::test_every_permission_is_named_after_its_plugin_and_used",
    "test_declarations.py::test_every_summary_is_a_sentence",
    "test_declarations.py::test_scheduled_jobs_can_run_twice",
    "test_every_call.py::test_every_route_can_be_called",
    "test_isolation.py::test_no_route_shows_a_trace_of_the_other_tenant",
    "test_other_tenants.py::test_ids_of_another_tenant_are_404_and_their_rows_stay",
    "test_package.py::test_nothing_but_the_sdk_is_imported_of_the_kernel",
    "test_package.py::test_the_metadata_says_what_an_installation_needs_to_know",
    "test_package.py::test_the_package_holds[py.typed]",
    "test_tables.py::test_the_tables_are_what_the_models_say",
    "test_tables.py::test_what_a_plugin_stores_is_named_after_it",
    # Whoever calls the route that answers short notices.
    "test_audit_lines.py::test_reads_leave_none",
    "test_license_states.py::test_grace_lets_reads_pass_and_stops_writes",
    "test_who_may_call.py::test_a_role_passes_where_it_holds_the_permission_and_nowhere_else",
}


@pytest.fixture
def faulty(tmp_path):
    """A folder with a wheel installed that breaks one promise of each kind."""
    plugin = starter.start("faulty", tmp_path)
    for name, changes in FAULTS.items():
        path = plugin / name
        text = path.read_text()
        for old, new in changes:
            assert old in text, f"{name}: {old}"
            text = text.replace(old, new, 1)
        path.write_text(text + (ROUTES if name.endswith("routes.py") else ""))
    (plugin / "threatweaver_faulty" / "py.typed").unlink()
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", site, plugin], check=True)
    return site


def test_each_fault_fails_its_test(faulty, tmp_path):
    options = ["--threatweaver-conformance", "--threatweaver-plugin", "faulty", "-p", "no:schemathesis"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(faulty)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    failed = set(re.findall(r"^FAILED (?:\S*/)?(test_\w+\.py::\S+)", done.stdout, re.MULTILINE))
    assert (done.returncode, failed) == (1, FAILING), done.stdout[-6000:]
    assert "\nERROR" not in done.stdout
