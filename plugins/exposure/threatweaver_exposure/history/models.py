"""Tables of history, in the tenant's schema; the transaction of each change writes them."""

from tortoise import fields

from threatweaver.sdk import Model


class Event(Model):
    """What a vulnerability became, when and by what; `at` rises within a tenant. Partitioned by month.

    The database counts `id` up, which orders what happened to one vulnerability at one time.
    """

    id = fields.BigIntField(primary_key=True)
    vulnerability_id = fields.UUIDField()
    at = fields.DatetimeField()
    action = fields.CharField(max_length=16)
    state = fields.SmallIntField()
    severity = fields.SmallIntField()
    risk_score = fields.SmallIntField()
    import_id = fields.UUIDField(null=True)
    actor_id = fields.UUIDField(null=True)

    class Meta:
        table = "exposure_event"
        app = "exposure"


class DayRollup(Model):
    """By how much a day changed a number of the rollup; the sum of all days until one is that day's."""

    id = fields.BigIntField(primary_key=True)
    day = fields.DateField()
    first_seen_on = fields.DateField()
    severity = fields.SmallIntField()
    state = fields.SmallIntField()
    total = fields.BigIntField()

    class Meta:
        table = "exposure_day_rollup"
        app = "exposure"
        unique_together = (("day", "first_seen_on", "severity", "state"),)


class DayAssetRollup(Model):
    """The same for the rollup of assets."""

    id = fields.BigIntField(primary_key=True)
    day = fields.DateField()
    worst_severity = fields.SmallIntField()
    assets = fields.BigIntField()
    risk_sum = fields.BigIntField()

    class Meta:
        table = "exposure_day_asset_rollup"
        app = "exposure"
        unique_together = (("day", "worst_severity"),)


class Written(Model):
    """A transaction that wrote to the module's tables, by its number; id 0 stands for `total` older ones."""

    id = fields.BigIntField(primary_key=True, generated=False)
    total = fields.BigIntField(default=1, db_default=1)

    class Meta:
        table = "exposure_written"
        app = "exposure"
