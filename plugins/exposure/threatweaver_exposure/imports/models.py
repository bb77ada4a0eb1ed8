"""Tables of imports, in the tenant's schema."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from threatweaver.sdk import Model, uuid7


class Import(Model):
    """One report that was handed in, and what it changed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    job_id = fields.UUIDField()
    filename = fields.CharField(max_length=200)
    format = fields.CharField(max_length=32)
    asset = fields.CharField(max_length=255, null=True)
    dry_run = fields.BooleanField(default=False, db_default=False)
    sha256 = fields.CharField(max_length=64)
    size = fields.BigIntField()
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    assets = fields.IntField(null=True)
    findings = fields.IntField(null=True)
    duplicates = fields.IntField(null=True)
    created = fields.IntField(null=True)
    updated = fields.IntField(null=True)
    reopened = fields.IntField(null=True)
    unchanged = fields.IntField(null=True)
    closed = fields.IntField(null=True)
    unobserved = fields.IntField(null=True)
    merged_at = fields.DatetimeField(null=True)
    reverted_at = fields.DatetimeField(null=True)
    reverted_by = fields.UUIDField(null=True)
    mapping: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)  # of its format, as it was

    class Meta:
        table = "exposure_import"
        app = "exposure"


class Sighting(Model):
    """What an import saw of an asset, and what it found there.

    `vulnerabilities` are those it saw, `last_seen` when each had been seen last before, null of those that
    it created. `identifiers` are all that it names the asset by, as `kind value`; `added` those it was
    the first to name. `before` are the columns of the asset that it changed.
    """

    id = fields.BigIntField(primary_key=True)
    import_id = fields.UUIDField()
    asset_id = fields.UUIDField(db_index=True)
    source = fields.CharField(max_length=32)
    seen_at = fields.DatetimeField()
    finished = fields.BooleanField()
    created = fields.BooleanField()
    before = fields.JSONField[dict[str, Any]](null=True)
    identifiers = ArrayField("text")
    added = ArrayField("text")
    vulnerabilities = ArrayField("uuid")
    last_seen = ArrayField("timestamptz")

    class Meta:
        table = "exposure_sighting"
        app = "exposure"
        unique_together = (("import_id", "asset_id"),)


class Before(Model):
    """What a vulnerability was before an import changed more of it than when it was seen last."""

    id = fields.BigIntField(primary_key=True)
    import_id = fields.UUIDField(db_index=True)
    vulnerability_id = fields.UUIDField()
    state = fields.SmallIntField()
    severity = fields.SmallIntField()
    risk_score = fields.SmallIntField()
    authenticated = fields.BooleanField()
    last_seen = fields.DatetimeField()
    fixed_at = fields.DatetimeField(null=True)
    unobserved_since = fields.DatetimeField(null=True)
    evidence_digest = fields.UUIDField(null=True)
    evidence = fields.JSONField[dict[str, Any]](null=True)

    class Meta:
        table = "exposure_before"
        app = "exposure"
        unique_together = (("vulnerability_id", "import_id"),)


class DefinitionBefore(Model):
    """What a definition was before an import changed it; `digest` is that of what it made of it."""

    id = fields.BigIntField(primary_key=True)
    import_id = fields.UUIDField()
    definition_id = fields.IntField()
    before = fields.JSONField[dict[str, Any]]()
    digest = fields.UUIDField()

    class Meta:
        table = "exposure_definition_before"
        app = "exposure"
        unique_together = (("import_id", "definition_id"),)


class Withdrawn(Model):
    """A vulnerability that only a reverted import saw: past days still know it."""

    id = fields.UUIDField(primary_key=True)
    asset_id = fields.UUIDField()
    definition_id = fields.IntField()
    port = fields.IntField()
    protocol = fields.CharField(max_length=16)
    location = fields.CharField(max_length=500)
    authenticated = fields.BooleanField()
    first_seen = fields.DatetimeField()
    last_seen = fields.DatetimeField()
    fixed_at = fields.DatetimeField(null=True)
    unobserved_since = fields.DatetimeField(null=True)

    class Meta:
        table = "exposure_withdrawn"
        app = "exposure"


class WithdrawnAsset(Model):
    """An asset that only a reverted import saw."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=255)
    ip = fields.CharField(max_length=45, null=True)

    class Meta:
        table = "exposure_withdrawn_asset"
        app = "exposure"
