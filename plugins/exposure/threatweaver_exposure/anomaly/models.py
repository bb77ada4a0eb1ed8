"""The table of anomalies, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class Anomaly(Model):
    """A day on which a metric was not as usual. What was usual is kept as it was judged.

    `subject` is what of the metric it is about, the format of a scanner's reports; empty for all.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    metric = fields.CharField(max_length=24)
    subject = fields.CharField(max_length=32)
    day = fields.DateField()
    direction = fields.CharField(max_length=8)
    severity = fields.SmallIntField()
    value = fields.BigIntField()
    expected = fields.FloatField()
    mad = fields.FloatField()
    lower = fields.FloatField()
    upper = fields.FloatField()
    score = fields.FloatField()
    seasonal = fields.BooleanField()
    history_days = fields.IntField()
    detected_at = fields.DatetimeField(auto_now_add=True)
    acknowledged_at = fields.DatetimeField(null=True)
    acknowledged_by = fields.UUIDField(null=True)
    note = fields.CharField(max_length=1000, null=True)

    class Meta:
        table = "exposure_anomaly"
        app = "exposure"
        unique_together = (("metric", "subject", "day"),)
