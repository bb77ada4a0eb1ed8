"""Mails about events: one, or several in a digest."""

from collections.abc import Sequence

from threatweaver.notify.channels.notice import Notice
from threatweaver.notify.mail.message import Letter

_SHOWN = 100


def letter(notices: Sequence[Notice]) -> Letter:
    """Return the mail about one notice, or about several."""
    if len(notices) == 1:
        notice = notices[0]
        return Letter(
            subject=f"[{notice.severity}] {notice.title}", text=_paragraph(notice) + _footer(notice)
        )
    shown = "\n\n".join(_paragraph(notice) for notice in notices[:_SHOWN])
    more = f"\n\nand {len(notices) - _SHOWN} more." if len(notices) > _SHOWN else ""
    return Letter(subject=f"{len(notices)} notifications", text=shown + more + _footer(notices[0]))


def _paragraph(notice: Notice) -> str:
    lines = [f"{notice.severity}: {notice.title}", f"{notice.occurred_at:%Y-%m-%d %H:%M} UTC, {notice.name}"]
    lines += [f"{name}: {value}" for name, value in notice.data.items()]
    return "\n".join([*lines, *([notice.link] if notice.link else [])])


def _footer(notice: Notice) -> str:
    return (
        f"\n\n-- \nThreatWeaver, {notice.tenant}. What you are sent is your choice: see your preferences.\n"
    )
