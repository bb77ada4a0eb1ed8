"""`python -m threatweaver_appsec scan URL`: the scanner without the product.

It ends with 0 where nothing is as bad as the threshold, with 1 where something is, and with 2 where the scan
cannot say: the target was down, blocked it, let nobody in, or the scan was stopped.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from threatweaver_appsec.engine.agent import Agent, Severity
from threatweaver_appsec.engine.agents.outdated import PACKAGES, outdated
from threatweaver_appsec.engine.budget import Entry, Limits
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.catalog import PROFILES, all_agents
from threatweaver_appsec.engine.checkpoint import FileStore, NoStore
from threatweaver_appsec.engine.client import Hear
from threatweaver_appsec.engine.components import advisories_in
from threatweaver_appsec.engine.events import AgentError, Event, FindingNew, PhaseChange, State
from threatweaver_appsec.engine.login_file import logins_of
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.profile.technologies import look
from threatweaver_appsec.engine.reports import FILES, FORMATS
from threatweaver_appsec.engine.reports.plain import printable, summary
from threatweaver_appsec.engine.reports.result import Result
from threatweaver_appsec.engine.scan import Scan
from threatweaver_appsec.engine.wiring import discovery_of, document, scope_of

WELL, FOUND, DOUBT = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "agents":
        for agent in all_agents():
            about = agent.about
            sys.stdout.write(f"{about.id:<32} CWE-{about.cwe:<5} {about.owasp:<11} {about.title}\n")
        return WELL
    try:
        return asyncio.run(_scan(options))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return DOUBT


async def _scan(options: argparse.Namespace) -> int:
    if options.format in FILES and not options.out:
        raise ValueError(f"--format {options.format} needs --out")
    base = options.url.rstrip("/")
    profile = PROFILES[options.profile]
    scope = scope_of(
        base,
        private=options.allow_private,
        safe=options.safe,
        exclusions=options.exclude,
        prefixes=options.prefix or ["/"],
    )
    limits = Limits(
        requests=min(options.max_requests or profile.most_requests, 10_000_000),
        seconds=options.max_seconds,
        per_second=options.rate,
    )
    documents = [await document(options.openapi, scope)] if options.openapi else []
    with contextlib.ExitStack() as files:
        log = _log(files, options.log)
        async with Callbacks(options.callback_host, advertised=options.callback_name) as callbacks:
            logins = logins_of(Path(options.login).read_bytes()) if options.login else []
            order = Order(
                base,
                scope,
                (*all_agents(), *_outdated(options.osv)),
                discovery_of(safe=options.safe, documents=documents, logins=logins),
                look,
                logins,
                profile=profile,
                limits=limits,
                seed=options.seed,
                callbacks=callbacks,
                only=frozenset(options.only),
                also=frozenset(options.also),
                log=log,
            )
            store = FileStore(Path(options.state)) if options.state else NoStore()
            result = await _run(Scan(order, store), quiet=options.quiet)
    return _report(result, options)


def _outdated(place: str | None) -> tuple[Agent, ...]:
    """Return the agent that asks a file of advisories. Raises OSError, ValueError."""
    return (outdated(advisories_in(Path(place), PACKAGES)),) if place else ()


def _log(files: contextlib.ExitStack, place: str | None) -> Hear:
    """Return what writes a line for each request: tabs between, the URL as it was sent."""
    if not place:
        return lambda *_: None
    file = files.enter_context(Path(place).open("w", encoding="utf-8", errors="replace"))  # noqa: SIM115

    def heard(_: Exchange, entry: Entry) -> None:
        words = (printable(str(value)).replace("\n", "?") for value in astuple(entry))
        file.write("\t".join(words) + "\n")

    return heard


async def _run(scan: Scan, *, quiet: bool) -> Result:
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, scan.stop)
    result = Result(scan.order.base, scan.order.seed)
    async for event in scan.events():
        result.take(event)
        if not quiet and (line := _line(event)):
            sys.stderr.write(printable(line) + "\n")
    result.sort(scan.memory.findings)
    result.seed = scan.memory.seed
    return result


def _report(result: Result, options: argparse.Namespace) -> int:
    form = options.format or "json"
    if form in FILES:
        with Path(options.out).open("wb") as file:
            FILES[form](result, file)
    elif options.out:
        Path(options.out).write_text(FORMATS[form](result), encoding="utf-8", errors="replace")
    shown = summary(result) if options.out or not options.format else FORMATS[form](result)
    sys.stdout.write(f"{shown}\n")
    if result.state is not State.COMPLETED:
        return DOUBT
    return FOUND if result.at_least(Severity(options.threshold)) else WELL


def _line(event: Event) -> str:
    match event:
        case PhaseChange():
            return f"{event.phase} {event.detail}".rstrip()
        case FindingNew():
            return f"  {event.finding.severity} {event.finding.title}: {event.finding.place}"
        case AgentError():
            return f"  {event.agent} failed: {event.error}"
        case _:
            return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m threatweaver_appsec", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("agents", help="list what the scanner looks for")
    scan = commands.add_parser("scan", help="scan a web application or an API that you may scan")
    scan.add_argument("url")
    scan.add_argument("--profile", choices=sorted(PROFILES), default="full")
    scan.add_argument("--allow-private", action="store_true", help="private and loopback addresses, too")
    scan.add_argument("--login", metavar="FILE", help="how identities sign in, as JSON")
    scan.add_argument("--openapi", metavar="URL|FILE", help="OpenAPI, GraphQL, Postman or HAR document")
    scan.add_argument(
        "--osv",
        metavar="FILE",
        help="OSV advisories, a JSON object a line, to find outdated components by",
    )
    scan.add_argument("--prefix", action="append", default=None, help="path that the scan stays under")
    scan.add_argument("--exclude", action="append", default=[], metavar="PATTERN", help="path or URL, with *")
    scan.add_argument("--out", metavar="FILE", help="write the report there")
    scan.add_argument("--format", choices=sorted((*FORMATS, *FILES)), help="without it, a summary is printed")
    scan.add_argument("--state", metavar="FILE", help="remember there; a killed scan goes on from it")
    scan.add_argument("--log", metavar="FILE", help="write a line for each request there")
    scan.add_argument("--seed", default="0")
    scan.add_argument("--rate", type=float, default=100.0, help="most requests a second")
    scan.add_argument("--max-requests", type=int, default=0)
    scan.add_argument("--max-seconds", type=float, default=3600.0)
    safe = scan.add_mutually_exclusive_group()
    safe.add_argument(
        "--safe", dest="safe", action="store_true", default=True, help="change nothing (default)"
    )
    safe.add_argument("--unsafe", dest="safe", action="store_false", help="forms, writes and delays, too")
    scan.add_argument("--only", action="append", default=[], metavar="AGENT")
    scan.add_argument(
        "--also", action="append", default=[], metavar="AGENT", help="one that must be asked for"
    )
    scan.add_argument("--threshold", choices=[severity.value for severity in Severity], default="LOW")
    scan.add_argument("--callback-host", default="127.0.0.1", help="address to listen at for callbacks")
    scan.add_argument("--callback-name", help="name or address that the target reaches it by")
    scan.add_argument("--quiet", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
