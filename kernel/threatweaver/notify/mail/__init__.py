"""Mail to people: queued in the caller's transaction, sent by a job. Use `await mail.queue(...)`."""

from threatweaver.notify.mail.service import queue

__all__ = ["queue"]
