"""Tables of merges and splits of assets, in the tenant's schema: what was before them."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from threatweaver.sdk import Model, uuid7


class AssetMerge(Model):
    """A merge of `others` into an asset, or a split of `others`, one new one, from it.

    `before` are the rows of all assets as they were (`assets`, `identifiers`, `tags`, `members`), of a split
    the identifiers that went (`moved`); `after` is the asset as it was left.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=8)
    asset_id = fields.UUIDField(db_index=True)
    others = ArrayField("uuid")
    names = ArrayField("text")
    before = fields.JSONField[dict[str, Any]]()
    after = fields.JSONField[dict[str, Any]](null=True)
    created_at = fields.DatetimeField()
    created_by = fields.UUIDField()
    undone_at = fields.DatetimeField(null=True)
    undone_by = fields.UUIDField(null=True)

    class Meta:
        table = "exposure_asset_merge"
        app = "exposure"


class AssetMergeItem(Model):
    """A vulnerability that a merge or split touched.

    `joined_to` is the one it became a sighting of, as long as it is. `before` is null for what a split made,
    `after` for what was joined to another. Evidence and acceptance are kept of what was joined.
    """

    id = fields.BigIntField(primary_key=True)
    merge_id = fields.UUIDField(db_index=True)
    vulnerability_id = fields.UUIDField(db_index=True)
    joined_to = fields.UUIDField(null=True, db_index=True)
    before = fields.JSONField[dict[str, Any]](null=True)
    after = fields.JSONField[dict[str, Any]](null=True)
    evidence = fields.JSONField[dict[str, Any]](null=True)
    acceptance = fields.JSONField[dict[str, Any]](null=True)

    class Meta:
        table = "exposure_asset_merge_item"
        app = "exposure"
