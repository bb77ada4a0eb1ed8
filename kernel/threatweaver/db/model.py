"""The base of models: Tortoise's, without what costs a tenth of every start."""

from typing import Any

from tortoise.models import Model as TortoiseModel
from tortoise.models import ModelMeta


class _Uncommented(ModelMeta):
    """Tortoise parses the source of every model, for comments to put into the database; ours have none."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> ModelMeta:
        return super().__new__(cls, name, bases, {"_no_comments": True, **attrs})


class Model(TortoiseModel, metaclass=_Uncommented):
    """A table. Comments beside its fields stay in the source."""

    class Meta:
        """Not a table itself."""

        abstract = True
