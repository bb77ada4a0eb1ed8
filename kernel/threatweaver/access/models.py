"""Tables of roles, groups and grants, in the tenant's schema."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class CustomRole(Model):
    """A role that the tenant made; memberships and grants refer to it by name, which never changes."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=64, unique=True)
    title = fields.CharField(max_length=100)
    description = fields.CharField(max_length=1000, default="")
    permissions = ArrayField("text", default=list)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "access_role"
        app = "kernel"


class UserGroup(Model):
    """A named set of users of the tenant."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=200, unique=True)
    description = fields.CharField(max_length=1000, default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "access_group"
        app = "kernel"


class UserGroupMember(Model):
    """A user in a group."""

    id = fields.BigIntField(primary_key=True)
    group: fields.ForeignKeyRelation[UserGroup] = fields.ForeignKeyField(
        "kernel.UserGroup", related_name=False, on_delete=fields.CASCADE
    )
    user_id = fields.UUIDField()

    class Meta:
        table = "access_group_member"
        app = "kernel"
        unique_together = (("user_id", "group_id"),)
        indexes = (("group_id",),)


class Grant(Model):
    """A role for a user or a group: in the whole tenant, or for the rows of one asset group or tag.

    `scope` is "tenant" or the name of a plugin's scope; only the latter has a `scope_id`.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_id = fields.UUIDField(null=True, db_index=True)
    group: fields.ForeignKeyNullableRelation[UserGroup] = fields.ForeignKeyField(
        "kernel.UserGroup", related_name=False, on_delete=fields.CASCADE, null=True, db_index=True
    )
    role = fields.CharField(max_length=64, db_index=True)
    scope = fields.CharField(max_length=32)
    scope_id = fields.UUIDField(null=True)
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "access_grant"
        app = "kernel"
