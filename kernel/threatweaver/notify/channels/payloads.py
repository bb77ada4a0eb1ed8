"""The bodies that receivers get; docs/operations/notifications.md shows them."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from threatweaver.http.output import dumps
from threatweaver.notify.channels.notice import Notice

_SLACK_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_TEAMS_COLORS = {"CRITICAL": "attention", "HIGH": "attention", "MEDIUM": "warning"}


def webhook(notice: Notice) -> bytes:
    """Return the body of a webhook: type, timestamp, data."""
    return dumps(
        {
            "type": notice.name,
            "timestamp": notice.occurred_at,
            "data": {
                "id": notice.event_id,
                "tenant": notice.tenant,
                "title": notice.title,
                "severity": notice.severity,
                "link": notice.link or None,
                "details": notice.data,
            },
        }
    )


def signatures(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` header: a signature with each secret, separated by spaces."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()
        for secret in secrets
    )


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def slack(notice: Notice) -> bytes:
    """Return a Slack-compatible message; text of ours cannot become markup."""
    title = notice.title.translate(_SLACK_SPECIAL)
    text = f"*{notice.severity}*  {title}"
    if notice.link:
        text += f"\n<{notice.link.translate(_SLACK_SPECIAL)}|Open in ThreatWeaver>"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    context = {
        "type": "context",
        "elements": [{"type": "plain_text", "text": f"{notice.tenant} · {notice.name}"}],
    }
    return dumps({"text": f"{notice.severity}: {title}", "blocks": [section, context]})


def teams(notice: Notice) -> bytes:
    """Return a Teams-compatible message with an adaptive card."""
    facts = [
        {"title": "Severity", "value": notice.severity},
        {"title": "Tenant", "value": notice.tenant},
        {"title": "Event", "value": notice.name},
    ]
    title = {
        "type": "RichTextBlock",  # a TextBlock would read Markdown in the title
        "inlines": [
            {
                "type": "TextRun",
                "text": notice.title,
                "weight": "bolder",
                "color": _TEAMS_COLORS.get(notice.severity, "default"),
            }
        ],
    }
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [title, {"type": "FactSet", "facts": facts}],
    }
    if notice.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open in ThreatWeaver", "url": notice.link}]
    kind = "application/vnd.microsoft.card.adaptive"
    return dumps({"type": "message", "attachments": [{"contentType": kind, "content": card}]})
