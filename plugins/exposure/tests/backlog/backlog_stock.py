"""Hosts whose ages are counted from today, and filters to look at them with."""

from datetime import UTC, datetime, timedelta

from exposure_reports import Host, Item, nessus

SEVERITIES = {1: 4, 2: 3, 3: 2, 4: 1, 5: 0}
CVES = {1: ["CVE-2024-1000", "CVE-2024-2000"], 2: ["CVE-2024-2000"], 4: ["CVE-2024-4000"]}
KNOWN_EXPLOITED = "<xref>CISA-KNOWN-EXPLOITED:2024/01/01</xref>"


def item(plugin, **options):
    """A finding of plugin 1001 to 1005, critical to information; the first and third are exploited."""
    return Item(
        plugin=1000 + plugin,
        name=f"Weakness {plugin}",
        severity=SEVERITIES[plugin],
        cves=CVES.get(plugin, ()),
        extra=KNOWN_EXPLOITED if plugin in {1, 3} else "",
        **options,
    )


def host(number, *plugins, ago, **options):
    """A host that was scanned some days ago."""
    end = datetime.now(UTC) - timedelta(days=ago)
    items = [plugin if isinstance(plugin, Item) else item(plugin) for plugin in plugins]
    return Host(name=f"10.3.0.{number}", items=items, end=end, **options)


def scan(*hosts):
    """A report that says it ran every check."""
    return nessus(*hosts, checks=range(1001, 1006))


FILTERS = [{}, {"severity": "critical,LOW"}, {"tag": "WEB"}, {"assetGroup": "DMZ"}]
FILTERS += [{"severity": "HIGH", "assetGroup": "DMZ"}, {"tag": "none"}, {"severity": "MEDIUM", "tag": "web"}]


def filters(space, given):
    """The filters with the id of the group in the place of its name."""
    return {**given, "assetGroup": space.group} if "assetGroup" in given else given


async def total(space, **given):
    """How many vulnerabilities the list has."""
    return (await space.get("/vulnerabilities", limit=1, **given))["meta"]["total"]


def counts(row):
    """The counts by severity that are not zero, which must sum up to what is active."""
    assert sum(row["bySeverity"].values()) == row["active"]
    assert list(row["bySeverity"]) == ["critical", "high", "medium", "low", "info"]
    return {name: count for name, count in row["bySeverity"].items() if count}
