"""Tables of assets, tags and groups, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class Asset(Model):
    """Something that can be scanned. The counts are a rollup of its open vulnerabilities.

    Without those of the definition `top_definition_id` its risk score would be `second_score`; both are null
    where nothing is open.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=255)
    fqdn = fields.CharField(max_length=255, null=True)
    netbios = fields.CharField(max_length=64, null=True)
    ip = fields.CharField(max_length=45, null=True)
    operating_system = fields.CharField(max_length=500, null=True)
    first_seen = fields.DatetimeField()
    last_seen = fields.DatetimeField()
    last_authenticated_scan = fields.DatetimeField(null=True)
    criticality = fields.SmallIntField(null=True)
    exposure = fields.CharField(max_length=8, null=True)
    worst_severity = fields.SmallIntField(default=-1)
    risk_score = fields.SmallIntField(default=0)
    top_definition_id = fields.IntField(null=True)
    second_score = fields.SmallIntField(null=True)
    open_critical = fields.IntField(default=0)
    open_high = fields.IntField(default=0)
    open_medium = fields.IntField(default=0)
    open_low = fields.IntField(default=0)
    open_info = fields.IntField(default=0)

    class Meta:
        table = "exposure_asset"
        app = "exposure"


class AssetIdentifier(Model):
    """One name an asset is known by; an asset has several, of several kinds.

    The import that was the first to name it so, and the time of its scan; null of before they were kept.
    """

    id = fields.BigIntField(primary_key=True)
    asset_id = fields.UUIDField()
    kind = fields.CharField(max_length=16)
    value = fields.CharField(max_length=255)
    import_id = fields.UUIDField(null=True)
    valid_from = fields.DatetimeField(null=True)

    class Meta:
        table = "exposure_asset_identifier"
        app = "exposure"
        unique_together = (("asset_id", "kind", "value"),)
        indexes = (("kind", "value"),)


class Tag(Model):
    """A label on assets, by hand or by a rule: parameters of the list of assets."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100, unique=True)
    color = fields.CharField(max_length=7, default="#607d8b")
    rule: fields.JSONField[dict[str, str] | None] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exposure_tag"
        app = "exposure"


class AssetTag(Model):
    """A tag on an asset."""

    id = fields.BigIntField(primary_key=True)
    asset_id = fields.UUIDField()
    tag_id = fields.UUIDField()
    by_rule = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "exposure_asset_tag"
        app = "exposure"
        unique_together = (("tag_id", "asset_id"),)


class AssetGroup(Model):
    """A named set of assets, by hand or by a rule: parameters of the list of assets."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100, unique=True)
    description = fields.CharField(max_length=1000, default="")
    rule: fields.JSONField[dict[str, str] | None] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exposure_asset_group"
        app = "exposure"


class AssetGroupMember(Model):
    """An asset in a group."""

    id = fields.BigIntField(primary_key=True)
    group_id = fields.UUIDField()
    asset_id = fields.UUIDField()
    by_rule = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "exposure_asset_group_member"
        app = "exposure"
        unique_together = (("group_id", "asset_id"),)
