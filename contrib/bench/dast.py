"""Measure detection: the scanner against running targets with ground truth, and wapiti beside it if asked.

A target is FILE=URL[,OPTION...]: the ground truth, where the target runs, and options of
`python -m threatweaver_appsec scan` for it. A finding counts for a known weakness where class, path and
parameter agree. What is above INFO and not in the ground truth is counted as unlisted, and as false in
the strict precision. `dast_candidate: false` marks what no scanner can see; it is not counted as missed.

`--lab` serves lab/ and its safe twin, and measures on both. `--write` keeps what each agent was right and
wrong about in the product, which takes an agent's precision for the confidence in its findings; targets that
are measured again replace what was kept of them.
"""

import argparse
import contextlib
import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dast_costs import cost_of, costs_by_agent
from dast_matching import FAMILIES, Found, matches
from lab_served import served
from wapiti_beside import wapiti_findings

KEPT = Path(__file__).parents[2] / "plugins/appsec/threatweaver_appsec/engine/measured.json"


@dataclass
class Tally:
    """Of one class."""

    hit: int = 0
    missed: int = 0
    trapped: int = 0
    traps: int = 0
    missing: list[str] = field(default_factory=list)
    cwes: set[int] = field(default_factory=set)

    def figures(self, costs: Mapping[str, tuple[int, float]]) -> dict[str, float | None]:
        """Return shares, and what the agents cost where that is known: one of several classes in each."""
        requests, seconds = cost_of(self.cwes, costs) or (None, None)
        return {
            "found": self.hit,
            "missed": self.missed,
            "traps": self.traps,
            "trapped": self.trapped,
            "tpr": ratio(self.hit, self.hit + self.missed),
            "fpr": ratio(self.trapped, self.traps),
            "precision": ratio(self.hit, self.hit + self.trapped),
            "requests": requests,
            "seconds": seconds if seconds is None else round(seconds, 1),
        }


@dataclass
class Run:
    """What a scanner brought at a target, and at which cost."""

    scanner: str
    found: list[Found]
    requests: int
    seconds: float
    megabytes: float
    state: str = ""
    costs: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Requests and seconds of each agent, where that is known."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="FILE=URL[,OPTION...]")
    parser.add_argument("--lab", action="store_true", help="measure on lab/ and its safe twin")
    parser.add_argument("--write", action="store_true", help="keep what each agent was right about")
    parser.add_argument("--wapiti", help="its command; it is run on the same targets after the scanner")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    parser.add_argument("--verbose", action="store_true", help="name what was missed and what is unlisted")
    options = parser.parse_args()
    figures, doubt = [], []
    with contextlib.ExitStack() as serving:
        targets = [*options.targets, *(serving.enter_context(served()) if options.lab else ())]
        if not targets:
            parser.error("name a target, or --lab")
        for target in targets:
            place, _, rest = target.partition("=")
            url, *extra = rest.split(",")
            truth = json.loads(Path(place).read_text(encoding="utf-8"))
            runs = [ours(url, extra)]
            if options.write:
                doubt += keep(measured(truth, runs[0]))
            if options.wapiti:
                runs.append(Run("wapiti", *wapiti_findings(options.wapiti, url, Found, extra)))
            figures += [show(truth, run, verbose=options.verbose) for run in runs]
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    if doubt:
        raise SystemExit(f"not kept, for the scan is in doubt: {', '.join(doubt)}")


def measured(truth: dict, run: Run) -> dict:
    """Return what each agent was right and wrong about at a target; wrong is what the truth says is safe."""
    agents: dict[str, dict[str, int]] = {}
    for one in run.found:
        known = [item["expect"] for item in truth["items"] if matches(item, one)]
        if not known and one.severity == "INFO":
            continue
        said = "right" if any(known) else "wrong" if known else "unlisted"
        agents.setdefault(one.agent, {"right": 0, "wrong": 0, "unlisted": 0})[said] += 1
    source = truth.get("source") or {}
    return {
        "name": truth["name"],
        "source": "@".join(filter(None, (source.get("repo"), source.get("commit")))),
        "at": f"{datetime.now(UTC):%Y-%m-%d}",
        "scanner": version("threatweaver-appsec"),
        "state": run.state,
        "agents": dict(sorted(agents.items())),
    }


def keep(new: dict) -> list[str]:
    """Write what was measured at a target; return it as doubt where its scan did not run to its end."""
    if new["state"] != "completed":
        return [f"{new['name']}: {new['state']}"]
    old = json.loads(KEPT.read_text(encoding="utf-8"))["targets"] if KEPT.exists() else []
    targets = {one["name"]: one for one in (*old, new)}
    document = {"targets": [targets[name] for name in sorted(targets)]}
    KEPT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return []


def ours(url: str, extra: list[str]) -> Run:
    """Scan a target in a process of its own, with forms and writes: it is there to be broken."""
    with tempfile.TemporaryDirectory() as folder:
        out, log = Path(folder) / "report.json", Path(folder) / "log.tsv"
        words = [
            sys.executable,
            "-m",
            "threatweaver_appsec",
            "scan",
            url,
            "--allow-private",
            "--unsafe",
            "--quiet",
        ]
        words += [
            "--format",
            "json",
            "--out",
            str(out),
            "--log",
            str(log),
            *(word for option in extra for word in shlex.split(option)),
        ]
        began, peak = time.monotonic(), 0
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        while running.poll() is None:
            peak = max(peak, peak_of(running.pid))
            time.sleep(0.2)
        report = json.loads(out.read_text(encoding="utf-8"))
        costs = costs_by_agent(log)
    found = [
        Found(
            one["cwe"],
            one["method"],
            one["template"],
            (one["point"] or {}).get("name", ""),
            one["severity"],
            f"{one['agent']}: {one['title']}",
            one["agent"],
        )
        for one in report["findings"]
    ]
    state = report["state"] + (f" ({report['reason']})" if report["reason"] else "")
    seconds = time.monotonic() - began
    return Run("threatweaver", found, report["requests"], seconds, peak / 1024, state, costs)


def peak_of(process: int) -> int:
    """Kilobytes of memory that a process had at most."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    line = re.search(r"VmHWM:\s+(\d+)", status)
    return int(line[1]) if line else 0


def show(truth: dict, run: Run, *, verbose: bool) -> dict:
    """Print a table by class, and return the figures."""
    tallies: dict[str, Tally] = {}
    used: set[Found] = set()
    for item in truth["items"]:
        matching = {one for one in run.found if matches(item, one)}
        used |= matching
        tally = tallies.setdefault(item["class"], Tally())
        tally.cwes |= FAMILIES.get(item["class"], set()) | {item["cwe"]}
        if not item["expect"]:
            tally.traps += 1
            tally.trapped += bool(matching)
        elif item.get("dast_candidate", True):
            tally.hit += bool(matching)
            if not matching:
                tally.missed += 1
                tally.missing.append(f"{item['method']} {item['path']} [{item.get('param')}]")
    figures = figures_of(truth, run, tallies, used)
    tell(truth, run, figures)
    if verbose:
        counted = Counter(
            f"{one.severity} {one.title} {one.method} {one.path} [{one.parameter}]"
            for one in unlisted_of(run, used)
        )
        print("".join(f"      unlisted {text}\n" for text in counted), end="")
        for name, one in tallies.items():
            print("".join(f"      missed {name} {text}\n" for text in one.missing), end="")
    return figures


def unlisted_of(run: Run, used: set[Found]) -> list[Found]:
    return [one for one in run.found if one not in used and one.severity != "INFO"]


def figures_of(truth: dict, run: Run, tallies: dict[str, Tally], used: set[Found]) -> dict:
    """Return the shares and what they cost."""
    hit, missed = (sum(getattr(one, name) for one in tallies.values()) for name in ("hit", "missed"))
    trapped, traps = (sum(getattr(one, name) for one in tallies.values()) for name in ("trapped", "traps"))
    unlisted = unlisted_of(run, used)
    return {
        "target": truth["name"],
        "scanner": run.scanner,
        "state": run.state,
        "tpr": ratio(hit, hit + missed),
        "fpr": ratio(trapped, traps),
        "precision": ratio(hit, hit + trapped),
        "strict_precision": ratio(hit, hit + trapped + len(unlisted)),
        "found": hit,
        "expected": hit + missed,
        "unlisted": len(unlisted),
        "requests": run.requests,
        "requests_per_find": ratio(run.requests, hit),
        "seconds": round(run.seconds, 1),
        "megabytes": round(run.megabytes),
        "classes": {name: one.figures(run.costs) for name, one in tallies.items()},
    }


def tell(truth: dict, run: Run, figures: dict) -> None:
    """Print the table."""
    print(f"\n{truth['name']} · {run.scanner} {run.state}")
    columns = ("found", "missed", "traps", "trapped", "tpr", "fpr", "precision", "requests", "seconds")
    print(f"  {'class':<18}" + "".join(f"{name:>10}" for name in columns))
    for name, one in sorted(figures["classes"].items()):
        cells = ("-" if one[column] is None else one[column] for column in columns)
        print(f"  {name:<18}" + "".join(f"{cell:>10}" for cell in cells))
    for name in ("tpr", "fpr", "precision", "strict_precision", "requests_per_find"):
        print(f"  {name:<18}{'-' if figures[name] is None else figures[name]}")
    costs = f"{run.requests} requests, {run.seconds:.0f} s, {run.megabytes:.0f} MB"
    print(f"  {costs}, {figures['unlisted']} unlisted")


def ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole else None


if __name__ == "__main__":
    main()
