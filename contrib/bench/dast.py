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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from lab_served import served
from wapiti_beside import wapiti_findings

KEPT = Path(__file__).parents[2] / "plugins/appsec/threatweaver_appsec/engine/measured.json"

XSS, FILES = {79, 80, 87}, {22, 23, 36, 73, 98, 829}
FAMILIES = {
    "sqli": {89, 564},
    "nosqli": {943, 89},
    "xss-reflected": XSS,
    "xss-stored": XSS,
    "xss-dom": XSS,
    "traversal": FILES,
    "lfi": FILES,
    "rfi": FILES,
    "cmdi": {77, 78, 88},
    "codeinj": {94, 95, 96, 1336},
    "bola": {284, 285, 566, 639, 862, 863},
    "idor": {284, 285, 566, 639, 862, 863},
    "bfla": {284, 285, 639, 862, 863},
    "unauth": {284, 285, 287, 306, 425, 862, 863},
    "authbypass": {284, 285, 287, 290, 303, 306, 620, 639, 862, 863},
    "infodisclosure": {200, 209, 213, 215, 359, 489, 497, 530, 538, 540, 548},
    "secretexposure": {200, 312, 522, 540, 798},
    "plaintextpw": {200, 256, 257, 312, 522},
    "weakjwt": {287, 326, 330, 345, 347, 521, 1391},
    "weaksession": {287, 330, 345, 384, 565, 613},
    "enumeration": {203, 204},
    "bruteforce": {307, 770, 799},
    "missingheaders": {16, 693, 1021, 319, 523},
    "clickjacking": {451, 1021},
    "component": {937, 1035, 1104, 1395},
}


OF_THE_ORIGIN = {"clickjacking", "missingheaders"}
"""Told once for an origin, at whichever page shows it first; ground truth names its first page."""


@dataclass(frozen=True)
class Found:
    """One finding of any scanner."""

    cwe: int
    method: str
    path: str
    parameter: str
    severity: str
    title: str
    agent: str = ""


@dataclass
class Tally:
    """Of one class."""

    hit: int = 0
    missed: int = 0
    trapped: int = 0
    traps: int = 0
    missing: list[str] = field(default_factory=list)


@dataclass
class Run:
    """What a scanner brought at a target, and at which cost."""

    scanner: str
    found: list[Found]
    requests: int
    seconds: float
    megabytes: float
    state: str = ""


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
        out = Path(folder) / "report.json"
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
            *(word for option in extra for word in shlex.split(option)),
        ]
        began, peak = time.monotonic(), 0
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        while running.poll() is None:
            peak = max(peak, peak_of(running.pid))
            time.sleep(0.2)
        report = json.loads(out.read_text(encoding="utf-8"))
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
    return Run("threatweaver", found, report["requests"], time.monotonic() - began, peak / 1024, state)


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
        if not item["expect"]:
            tally.traps += 1
            tally.trapped += bool(matching)
        elif item.get("dast_candidate", True):
            tally.hit += bool(matching)
            if not matching:
                tally.missed += 1
                tally.missing.append(f"{item['method']} {item['path']} [{item.get('param')}]")
    figures = figures_of(truth, run, tallies, used)
    tell(truth, run, tallies, figures)
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
        "classes": {
            name: {"found": one.hit, "missed": one.missed, "traps": one.traps, "trapped": one.trapped}
            for name, one in tallies.items()
        },
    }


def tell(truth: dict, run: Run, tallies: dict[str, Tally], figures: dict) -> None:
    """Print the table."""
    print(f"\n{truth['name']} · {run.scanner} {run.state}")
    print(f"  {'class':<18}{'found':>6}{'missed':>8}{'traps':>7}{'trapped':>9}")
    for name, one in sorted(tallies.items()):
        print(f"  {name:<18}{one.hit:>6}{one.missed:>8}{one.traps:>7}{one.trapped:>9}")
    for name in ("tpr", "fpr", "precision", "strict_precision", "requests_per_find"):
        print(f"  {name:<18}{'-' if figures[name] is None else figures[name]}")
    costs = f"{run.requests} requests, {run.seconds:.0f} s, {run.megabytes:.0f} MB"
    print(f"  {costs}, {figures['unlisted']} unlisted")


def matches(item: dict, found: Found) -> bool:
    """Return whether a finding tells a known weakness: class, path, and parameter where both name one."""
    if found.cwe not in FAMILIES.get(item["class"], set()) | {item["cwe"]}:
        return False
    if item["class"] in OF_THE_ORIGIN and item["path"] == "/":
        return True
    if item["path"] not in ("*", "") and not same_path(item["path"], found.path):
        return False
    in_url = item.get("in") == "query"  # read of whatever method
    if item["method"] not in ("*", found.method) and found.parameter and not in_url:
        return False
    if not item.get("param") or not found.parameter or item.get("in") == "path":
        return True
    return bool(parameters_of(item) & {found.parameter, found.parameter.rpartition("/")[2]})


def parameters_of(item: dict) -> set[str]:
    """Return the parameter of a known weakness, and those that its note lists beside it: "and a, b"."""
    others = re.fullmatch(r"and (\w+(?:, \w+)*)", item.get("note") or "")
    return {item["param"].lstrip("#"), *(others[1].split(", ") if others else ())}


def same_path(known: str, found: str) -> bool:
    """Return whether two paths are one, parameters in braces fitting any segment."""
    known, found = urlsplit(known).path.rstrip("/"), urlsplit(found).path.rstrip("/")
    segments, others = known.split("/"), found.split("/")
    return len(segments) == len(others) and all(
        one == other or "{" in one or "{" in other for one, other in zip(segments, others, strict=True)
    )


def ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole else None


if __name__ == "__main__":
    main()
