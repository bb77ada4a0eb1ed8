"""What goes over the wire for merges and splits of assets."""

from marshmallow import fields, validate

from threatweaver.sdk import IDENTIFIER_KINDS, Schema

_KIND = validate.OneOf(("merge", "split"))


class AssetMergeIn(Schema):
    asset_ids = fields.List(
        fields.UUID(), required=True, validate=validate.Length(1, 50), metadata={"refers": "/assets"}
    )
    dry_run = fields.Boolean(load_default=False)


class IdentifierIn(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(IDENTIFIER_KINDS))
    value = fields.String(required=True, validate=validate.Length(1, 255))


class AssetSplitIn(Schema):
    identifiers = fields.List(fields.Nested(IdentifierIn), required=True, validate=validate.Length(1, 500))
    dry_run = fields.Boolean(load_default=False)


class UndoIn(Schema):
    dry_run = fields.Boolean(load_default=False)


class JoinOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    port = fields.Integer(required=True)
    protocol = fields.String(required=True)
    location = fields.String(required=True)
    state = fields.String(required=True)
    states = fields.List(fields.String(), required=True)


class MergeDoneOut(Schema):
    id = fields.UUID(required=True, allow_none=True)
    kind = fields.String(required=True, validate=_KIND)
    asset_id = fields.UUID(required=True)
    others = fields.List(fields.UUID(), required=True)
    dry_run = fields.Boolean(required=True)
    moved = fields.Integer(required=True)


class AssetMergedOut(MergeDoneOut):
    joined = fields.Integer(required=True)
    copied = fields.Integer(required=True)
    joins = fields.List(fields.Nested(JoinOut), required=True)


class MergeKeptOut(Schema):
    id = fields.UUID(required=True)
    asset_id = fields.UUID(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True)
    because = fields.String(required=True, validate=validate.OneOf(("import", "decision")))
    import_id = fields.UUID(allow_none=True)


class AssetMergeUndoneOut(MergeDoneOut):
    restored = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    keeps = fields.List(fields.Nested(MergeKeptOut), required=True)


class AssetMergeOut(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=_KIND)
    asset_id = fields.UUID(required=True)
    others = fields.List(fields.UUID(), required=True)
    names = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    created_by = fields.UUID(required=True)
    undone_at = fields.AwareDateTime(allow_none=True)
    undone_by = fields.UUID(allow_none=True)
    undoable = fields.Boolean(required=True)


class AssetIdentifierOut(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(IDENTIFIER_KINDS))
    value = fields.String(required=True)
    weight = fields.Integer(required=True)
    import_id = fields.UUID(allow_none=True)
    filename = fields.String(allow_none=True)
    valid_from = fields.AwareDateTime(allow_none=True)
    valid_to = fields.AwareDateTime(allow_none=True)
    moved_to = fields.UUID(allow_none=True)
