"""hypothesis strategies for what a marshmallow field takes; a right body is varied, member by member."""

from hypothesis import strategies as st
from marshmallow import ValidationError, fields, validate

_TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")


def _limits(kind, rule, least, most):
    for item in kind.validators:
        if isinstance(item, rule):
            low, high = (item.equal, item.equal) if getattr(item, "equal", None) else (item.min, item.max)
            least, most = (least if low is None else low), (most if high is None else min(high, most))
    return least, max(least, most)


def takes(kind, value):
    try:
        kind.deserialize(value)
    except ValidationError:
        return False
    return True


def of(kind):
    """A strategy of values the field takes; None where only its own example is known to be one."""
    if "example" in kind.metadata or "refers" in kind.metadata:
        return None
    choices = [item for item in kind.validators if isinstance(item, validate.OneOf)]
    if choices:
        return st.sampled_from(list(choices[0].choices))
    if type(kind) is fields.Boolean:
        return st.booleans()
    if type(kind) is fields.Integer:
        return st.integers(*_limits(kind, validate.Range, 0, 1 << 31))
    if type(kind) is fields.String and all(isinstance(r, validate.Length) for r in kind.validators):
        least, most = _limits(kind, validate.Length, 0, 40)
        return st.text(_TEXT, min_size=least, max_size=most).filter(lambda text: takes(kind, text))
    return None
