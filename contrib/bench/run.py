"""Measures ThreatWeaver on this machine and says whether its goals hold: `make bench`.

Starts the product itself, in a temporary home and on a free port. SCALE (default 1) shrinks or enlarges
the reports; goals are judged at 1 and above, for below it fixed costs are all there is to see. SCALE=5m is
reading alone, at five million findings (500k: at half a million).
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import crowd
import filling
import growth
import importing
import overhead
import paging
import product
import scale
import siege
import signed_in
import starting
import swapping
import volume
from figures import Figure, table
from generate_nessus import generate

_FINDINGS = 50_000
_PER_HOST = 50
_LARGE = 1_000_000
_PARTS = 4
_HUGE = 2.0  # GB
_NOTE = "* seen on this kind of machine for the issue, not measured in this run"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--growth", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--quick", action="store_true", help="without growth to a million findings")
    parser.add_argument("--modules", action="store_true", help="starts and license imports alone")
    parser.add_argument("--identity", action="store_true", help="the gates and the tenants alone")
    parser.add_argument("--imports", action="store_true", help="imports alone")
    parser.add_argument("--huge", action="store_true", help="one report of 2 GB alone")
    parser.add_argument(
        "--exports", action="store_true", help="a million findings, paged beside imports, exported"
    )
    parser.add_argument("--appsec", action="store_true", help="the scanner at hostile targets alone")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    return parser.parse_args()


def _show(title: str, figures: list[Figure]) -> list[Figure]:
    print(table(title, figures), flush=True)
    return figures


def measure(folder: Path, *, factor: float, grow: bool) -> list[Figure]:
    """Run every measurement, printing each table as it is there."""
    home, findings = folder / "home", round(_FINDINGS * factor)
    figures = _imports(folder, findings)
    with product.running(home, serve_processes=1) as running:
        figures += _show("One page of 50 rows, one process, 8 connections", overhead.compare(running, folder))
        figures += _show("The gates, one process, 8 connections", signed_in.compare(running, folder))
    figures += _crowd(folder)
    figures += _modules(folder)
    if grow:
        total = round(_LARGE * factor)
        sizes = [findings, *[(total - findings) // _PARTS] * _PARTS]
        with product.running(home) as running:
            token, filled = growth.fill(running, folder, sizes, per_host=_PER_HOST)
            filled += growth.compare(running, running.sign_in(), token)
            filled += importing.peaks(running)
        figures += _show(f"Growth: {findings:,} and {sum(sizes):,} findings", filled)
        figures += _read(home, rows=sum(sizes))
    return figures


def _chosen(asked: argparse.Namespace, folder: Path, factor: float) -> list[Figure]:
    alone = {
        "identity": lambda: _identity(folder),
        "modules": lambda: _modules(folder),
        "appsec": lambda: _show("Scans of hostile targets", list(siege.measure())),
        "imports": lambda: _imports(folder, round(_FINDINGS * factor)),
        "huge": lambda: _huge(folder, factor=factor),
        "exports": lambda: _exports(folder, factor=factor),
    }
    for name, measured in alone.items():
        if getattr(asked, name):
            return measured()
    return measure(folder, factor=factor, grow=asked.growth and not asked.quick)


def _imports(folder: Path, findings: int) -> list[Figure]:
    report = folder / "report.nessus"
    generate(report, findings=findings, hosts=max(1, findings // _PER_HOST), seed=7)
    megabytes = report.stat().st_size / 1e6
    with product.running(folder / "home") as running:
        figures = importing.import_and_repeat(running, report, findings=findings)
        _show(f"Import of {findings:,} findings, {megabytes:,.0f} MB", figures)
    report.unlink()
    # Another home: what is read in this one afterwards is to be of the report alone.
    with product.running(folder / "pipelines") as running:
        return figures + _show("Imports of pipelines", importing.of_pipelines(running, folder))


def _huge(folder: Path, *, factor: float) -> list[Figure]:
    with product.running(folder / "home") as running:
        return _show("A huge report", importing.huge(running, folder, gigabytes=_HUGE * factor))


def _exports(folder: Path, *, factor: float) -> list[Figure]:
    home, rows = folder / "home", round(_LARGE * factor)
    with product.running(home) as running:
        filling.fill(running, folder, rows)
    return _read(home, rows=rows)


def _read(home: Path, *, rows: int) -> list[Figure]:
    with product.running(home) as running:
        token = running.sign_in(growth.LARGE)
        there, figures = volume.page_all(running, token, rows=rows)
        figures += volume.export_all(running, token, rows=rows)
        figures += paging.while_imports_run(running, home.parent, token, there)
    return _show(f"Reading {rows:,} vulnerabilities", figures)


def _scale(folder: Path, findings: int) -> list[Figure]:
    with product.running(folder / "home") as running:
        figures = scale.fill(running, folder, findings)
    _show(f"{findings:,} findings", figures)
    with product.running(folder / "home") as running:
        tokens = running.sign_in(), running.sign_in(growth.LARGE)
        return figures + _show(f"Reading at {findings:,} findings", scale.compare(running, *tokens))


def _identity(folder: Path) -> list[Figure]:
    with product.running(folder / "home", serve_processes=1) as running:
        figures = _show("The gates, one process, 8 connections", signed_in.compare(running, folder))
    return figures + _crowd(folder)


def _modules(folder: Path) -> list[Figure]:
    figures = _show("Forty plugins", starting.measure(folder))
    return figures + _show("License imports under load", swapping.measure(folder))


def _crowd(folder: Path) -> list[Figure]:
    """Two installations at once, asked in turns, so that what else the machine does hits both."""
    with product.running(folder / "few") as few, product.running(folder / "many") as many:
        crowd.fill(few, crowd.FEW)
        crowd.fill(many, crowd.MANY)
        figures = [*crowd.compare(few, many), crowd.provisioning(many)]
    return _show(f"{crowd.FEW} and {crowd.MANY:,} tenants", figures)


def main() -> int:
    """Measure; 0 when every goal holds."""
    asked, said = _arguments(), os.environ.get("SCALE") or "1"
    unit = {"k": 1_000, "m": 1_000_000}.get(said[-1])
    factor = 1.0 if unit else float(said)
    folder = Path(tempfile.mkdtemp(prefix="threatweaver-bench-"))
    folder.chmod(0o755)  # under root the embedded PostgreSQL runs as a user of its own
    began = time.perf_counter()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start, scale {said}", flush=True)
    try:
        figures = _scale(folder, round(float(said[:-1]) * unit)) if unit else _chosen(asked, folder, factor)
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    missed = [figure.name for figure in figures if figure.missed]
    print(_NOTE, f"{time.perf_counter() - began:.0f} s in all", sep="\n")
    if factor < 1:
        print("not judged: SCALE is below 1")
        return 0
    print("goals missed: " + "; ".join(missed) if missed else "every goal holds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
