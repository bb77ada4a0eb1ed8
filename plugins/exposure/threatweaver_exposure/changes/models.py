"""Tables of the feed, in the tenant's schema; its changes are the events of history."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class Tombstone(Model):
    """A vulnerability or asset that is gone. The database draws `cursor` from the numbers of the events."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    cursor = fields.BigIntField(generated=False)
    at = fields.DatetimeField()
    entity = fields.CharField(max_length=16)
    entity_id = fields.UUIDField()
    asset_id = fields.UUIDField()
    action = fields.CharField(max_length=16)
    import_id = fields.UUIDField(null=True)

    class Meta:
        table = "exposure_tombstone"
        app = "exposure"


class Feed(Model):
    """Up to which cursor tombstones were forgotten. At most one row, id 1."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    forgotten = fields.BigIntField()

    class Meta:
        table = "exposure_feed"
        app = "exposure"
