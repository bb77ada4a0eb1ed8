"""Tables of threat intelligence, in the tenant's schema (docs/adr/0030)."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from threatweaver.sdk import Model, uuid7


class Snapshot(Model):
    """A snapshot of a feed that was handed in; of each feed the one that was imported last holds.

    `added`, `changed` and `removed` count records, `rescored` vulnerabilities.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    job_id = fields.UUIDField(null=True)
    feed = fields.CharField(max_length=8)
    published = fields.DatetimeField()
    sha256 = fields.CharField(max_length=64)
    records = fields.IntField()
    key_id = fields.CharField(max_length=16)
    replay = fields.BooleanField()
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    imported_at = fields.DatetimeField(null=True)
    added = fields.IntField(null=True)
    changed = fields.IntField(null=True)
    removed = fields.IntField(null=True)
    rescored = fields.IntField(null=True)

    class Meta:
        table = "exposure_intel_snapshot"
        app = "exposure"


class KnownExploited(Model):
    """An entry of CISA's catalog of known exploited vulnerabilities."""

    id = fields.BigIntField(primary_key=True)
    cve = fields.CharField(max_length=32, unique=True)
    added = fields.DateField()
    due = fields.DateField(null=True)
    ransomware = fields.BooleanField()
    vendor = fields.TextField()
    product = fields.TextField()
    name = fields.TextField()
    action = fields.TextField()
    cwes = ArrayField("int")

    class Meta:
        table = "exposure_kev"
        app = "exposure"


class Epss(Model):
    """FIRST's probability that a CVE is exploited within 30 days, and its rank among all."""

    cve = fields.CharField(max_length=32, primary_key=True)
    score = fields.FloatField()
    percentile = fields.FloatField(null=True)

    class Meta:
        table = "exposure_epss"
        app = "exposure"


class CveRecord(Model):
    """A CVE as its CNA and CISA describe it; `cvss` are [{source, vector}], the rest SSVC's points."""

    cve = fields.CharField(max_length=32, primary_key=True)
    state = fields.CharField(max_length=16)
    published = fields.DateField(null=True)
    updated = fields.DateField(null=True)
    title = fields.TextField()
    cwes = ArrayField("int")
    cvss = fields.JSONField[list[dict[str, Any]]]()
    exploitation = fields.CharField(max_length=8, null=True)
    automatable = fields.BooleanField(null=True)
    technical_impact = fields.CharField(max_length=8, null=True)

    class Meta:
        table = "exposure_cve"
        app = "exposure"


class AdvisoryAlias(Model):
    """An advisory says that it is about the same flaw as another id: `advisory` is who says so, too."""

    id = fields.BigIntField(primary_key=True)
    advisory = fields.CharField(max_length=100)
    alias = fields.CharField(max_length=100, db_index=True)

    class Meta:
        table = "exposure_alias"
        app = "exposure"
        unique_together = (("advisory", "alias"),)
