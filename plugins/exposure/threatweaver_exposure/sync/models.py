"""Tables of the sync, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class SyncConfig(Model):
    """Where Tenable is and what is fetched from it. At most one row, id 1; its keys are sealed."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    url = fields.CharField(max_length=300)
    sealed_keys = fields.TextField()
    assets_per_chunk = fields.IntField()
    minimum_severity = fields.SmallIntField()
    interval_minutes = fields.IntField(null=True)  # null: only when somebody asks
    position = fields.DatetimeField(null=True)  # what Tenable learned since then is what the next run fetches
    updated_by = fields.UUIDField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "exposure_sync_config"
        app = "exposure"


class SyncRun(Model):
    """One sync. What it merged are its chunks: each is an import, with which it can be reverted."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    state = fields.CharField(max_length=16)
    since = fields.DatetimeField(null=True)  # null: everything
    assets_export = fields.UUIDField(null=True)
    findings_export = fields.UUIDField(null=True)
    assets_total = fields.IntField(null=True)  # chunks, as far as Tenable says
    findings_total = fields.IntField(null=True)
    cancel_requested = fields.BooleanField(default=False, db_default=False)
    error = fields.CharField(max_length=64, null=True)
    message = fields.CharField(max_length=500, null=True)
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    touched_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "exposure_sync_run"
        app = "exposure"


class SyncChunk(Model):
    """A chunk that was merged, in the same transaction: the position from which a run goes on."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    run_id = fields.UUIDField()
    kind = fields.CharField(max_length=16)
    export_id = fields.UUIDField()
    number = fields.IntField()
    import_id = fields.UUIDField()
    records = fields.IntField()
    refused = fields.IntField()
    merged_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exposure_sync_chunk"
        app = "exposure"
        unique_together = (("run_id", "export_id", "number"),)


class SyncRefusal(Model):
    """A record of a chunk that could not be taken; its data is in the quarantine."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    chunk_id = fields.UUIDField(db_index=True)
    position = fields.IntField()
    reason = fields.CharField(max_length=300)
    quarantine_id = fields.UUIDField()

    class Meta:
        table = "exposure_sync_refusal"
        app = "exposure"
