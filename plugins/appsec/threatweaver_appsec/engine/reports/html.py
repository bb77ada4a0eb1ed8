"""Results as one page of HTML without scripts; what the target wrote is escaped."""

from html import escape

from threatweaver_appsec.engine.findings import Finding
from threatweaver_appsec.engine.reports.result import Result

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "pre{background:#f4f5f7;padding:.7rem;overflow-x:auto;white-space:pre-wrap;word-break:break-all}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #ddd}"
    "article{border-top:2px solid #ddd;margin-top:2rem}"
)


def to_html(result: Result) -> str:
    """Return the page: the verdict, every finding with its proof, and what was not tested."""
    reason = f": {escape(result.reason)}" if result.reason else ""
    chains = "".join(
        f"<li><b>{escape(chain.title)}</b> ({chain.severity}). {escape(chain.story)}</li>"
        for chain in result.chains
    )
    rows = "".join(
        f"<tr><td>{escape(str(one['what']))}</td><td>{escape(str(one['why']))}</td></tr>"
        for one in result.coverage.get("not_tested", ())
    )
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>Scan of {escape(result.base)}</title><style>{STYLE}</style></head><body>",
        f"<h1>Scan of {escape(result.base)}</h1><p><b>{result.state}</b>{reason}</p>",
        f"<p>{len(result.findings)} findings, {result.requests} requests, {result.seconds:.0f} seconds.</p>",
        f"<h2>Attack chains</h2><ul>{chains}</ul>" if chains else "",
        *map(_finding, result.findings),
        "<h2>Not tested</h2><table><tr><th>What</th><th>Why</th></tr>" + rows + "</table>",
        "</body></html>",
    ]
    return "\n".join(parts)


def _finding(finding: Finding) -> str:
    excerpt = f"<pre>{escape(finding.excerpt)}</pre>" if finding.excerpt else ""
    return (
        f"<article><h2>{finding.severity}: {escape(finding.title)}</h2>"
        f"<p><code>{escape(finding.place)}</code> · CWE-{finding.cwe} · {escape(finding.owasp)}</p>"
        f"<p>{escape(finding.says)}</p>{excerpt}"
        f"<p>{escape(finding.description)}</p><p><b>Remedy.</b> {escape(finding.remedy)}</p>"
        f"<p>Again with:</p><pre>{escape(finding.curl)}</pre></article>"
    )
