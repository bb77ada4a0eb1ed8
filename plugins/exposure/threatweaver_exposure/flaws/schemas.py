"""What goes over the wire about recipes and flaws."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.engine.recipes import RECIPES


class RecipeIn(Schema):
    recipe = fields.Integer(required=True, strict=True, validate=validate.OneOf(tuple(RECIPES)))


class RecipeApplyIn(RecipeIn):
    expected_groups = fields.Integer(strict=True, validate=validate.Range(0, 2**53))


class RecipeKindOut(Schema):
    kind = fields.String(required=True)
    compares = fields.List(fields.String(), required=True)


class RecipeOut(Schema):
    recipe = fields.Integer(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True)
    kinds = fields.List(fields.Nested(RecipeKindOut), required=True)


class IdentityRecipesOut(Schema):
    active = fields.Integer(required=True)
    applied_at = fields.AwareDateTime(required=True, allow_none=True)
    applied_by = fields.UUID(required=True, allow_none=True)
    recipes = fields.List(fields.Nested(RecipeOut), required=True)
