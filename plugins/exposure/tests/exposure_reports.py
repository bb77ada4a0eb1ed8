"""Small Nessus reports, said in Python: hosts, findings, what the scan covered and when it ran."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import floor
from xml.sax.saxutils import escape, quoteattr

DAY_ONE = datetime(2024, 5, 1, 12, tzinfo=UTC)


def day(number: float) -> datetime:
    """Noon of a day of the story, counted from one."""
    return DAY_ONE + timedelta(days=number - 1)


def weaver(*, age: int = 100, **inputs: float) -> int:
    """The published arithmetic: the mean of inputs of 0 to 100, by weight.

    `severity` stands in for CVSS. What was found in 2024 is older than 180 days, which counts 100.
    """
    weights = {"cvss": 30, "severity": 30, "vpr": 25, "epss": 20, "criticality": 15, "age": 5, "exposure": 5}
    known = {**inputs, "age": age}
    total = sum(weights[name] * value for name, value in known.items())
    return floor(total / sum(weights[name] for name in known) + 0.5)


CRITICAL, HIGH, MEDIUM, LOW = (weaver(severity=middle) for middle in (95, 79, 54, 20))


@dataclass(frozen=True, kw_only=True)
class Item:
    """One ReportItem."""

    plugin: int = 1001
    port: int = 443
    protocol: str = "tcp"
    service: str = "www"
    severity: int = 2
    output: str | None = "seen"
    cves: Sequence[str] = ()
    cvss3: float | None = None
    vpr: float | None = None
    epss: float | None = None
    modified: str | None = None
    name: str = "Weak thing"
    family: str = "General"
    extra: str = ""

    def xml(self) -> str:
        children = "".join(f"<cve>{cve}</cve>" for cve in self.cves)
        stated = {
            "cvss3_base_score": self.cvss3,
            "vpr_score": self.vpr,
            "epss_score": self.epss,
            "plugin_modification_date": self.modified,
            "plugin_output": self.output,
        }
        children += "".join(
            f"<{tag}>{escape(str(value))}</{tag}>" for tag, value in stated.items() if value is not None
        )
        return (
            f'<ReportItem port="{self.port}" svc_name={quoteattr(self.service)} '
            f'protocol={quoteattr(self.protocol)} severity="{self.severity}" pluginID="{self.plugin}" '
            f"pluginName={quoteattr(self.name)} pluginFamily={quoteattr(self.family)}>"
            f"{children}{self.extra}</ReportItem>"
        )


@dataclass(frozen=True, kw_only=True)
class Host:
    """One ReportHost; `end` None is a host whose scan did not finish, `tags` its further properties."""

    name: str = "10.0.0.1"
    items: Sequence[Item] = ()
    start: datetime | None = None
    end: datetime | None = DAY_ONE
    credentialed: bool | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def xml(self) -> str:
        tags = dict(self.tags)
        if self.credentialed is not None:
            tags["Credentialed_Scan"] = "true" if self.credentialed else "false"
        if self.start is not None:
            tags["HOST_START_TIMESTAMP"] = str(int(self.start.timestamp()))
        if self.end is not None:
            tags["HOST_END_TIMESTAMP"] = str(int(self.end.timestamp()))
        lines = "".join(f"<tag name={quoteattr(name)}>{escape(text)}</tag>" for name, text in tags.items())
        items = "".join(item.xml() for item in self.items)
        return (
            f"<ReportHost name={quoteattr(self.name)}>"
            f"<HostProperties>{lines}</HostProperties>{items}</ReportHost>"
        )


def nessus(*hosts: Host, checks: Sequence[int] | None = None) -> bytes:
    """A report; `checks` are the plugins it says it ran, None for a report that does not say."""
    policy = ""
    if checks is not None:
        ran = ";".join(map(str, checks))
        policy = (
            "<Policy><policyName>p</policyName><Preferences><ServerPreferences><preference>"
            f"<name>plugin_set</name><value>{ran}</value>"
            "</preference></ServerPreferences></Preferences></Policy>"
        )
    body = "".join(host.xml() for host in hosts)
    return (
        f'<?xml version="1.0" ?>\n<NessusClientData_v2>{policy}<Report name="scan">{body}</Report>'
        "</NessusClientData_v2>\n"
    ).encode()
