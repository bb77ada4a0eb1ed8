"""Table of scan profiles, in the tenant's schema; a migration makes those that come with the product."""

from typing import Any

from tortoise import fields

from threatweaver.sdk import Model, uuid7
from threatweaver_appsec.fields import ids, texts

LIMITS = ("max_requests", "max_seconds", "max_per_second", "max_together")


class ScanProfile(Model):
    """What a scan looks for, and what it may cost. `agents` empty: all that fit; `also` is opted in."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100, unique=True)
    description = fields.TextField(default="")
    built_in = fields.BooleanField(default=False, db_default=False)
    based_on = fields.CharField(max_length=16, default="full")
    safe = fields.BooleanField(default=True, db_default=True)
    agents = texts()
    without = texts()
    crawl = fields.BooleanField(default=True, db_default=True)
    documents = texts()
    wordlist_id = fields.UUIDField(null=True)
    payload_set_ids = ids(db_default=[])
    also = texts()
    max_requests = fields.IntField(default=10_000)
    max_seconds = fields.IntField(default=1800)
    max_per_second = fields.IntField(default=50)
    max_together = fields.IntField(default=8)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_scan_profile"
        app = "appsec"

    def options(self) -> dict[str, Any]:
        """Return what a scan takes of it, as it is kept with the scan."""
        names = ("based_on", "safe", "agents", "also", "without", "crawl", "documents", *LIMITS)
        wordlist = str(self.wordlist_id) if self.wordlist_id else None
        payloads = [str(one) for one in self.payload_set_ids]
        said = {name: getattr(self, name) for name in names}
        return {"wordlist_id": wordlist, "payload_set_ids": payloads, **said}
