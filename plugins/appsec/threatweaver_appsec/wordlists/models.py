"""Table of word lists, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7
from threatweaver_appsec.fields import texts


class Wordlist(Model):
    """Paths that discovery asks for, in this order."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100, unique=True)
    description = fields.TextField(default="")
    words = texts()
    size = fields.IntField(default=0)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_wordlist"
        app = "appsec"
