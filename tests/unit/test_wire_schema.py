"""The schema base: camelCase on the wire, strict, no NUL; comma-separated values."""

import pytest
from marshmallow import ValidationError, fields, validate

from threatweaver.http.schema import CommaSeparated, Schema, camel


class Sample(Schema):
    first_seen = fields.String()
    inner_value = fields.Integer(data_key="own_name")
    severity = CommaSeparated(fields.String(validate=validate.OneOf(["HIGH", "LOW"])), upper=True)


@pytest.mark.parametrize(
    ("name", "wire"),
    [("id", "id"), ("first_seen", "firstSeen"), ("cvss3_score", "cvss3Score"), ("a_b_c", "aBC")],
)
def test_camel(name, wire):
    assert camel(name) == wire


def test_fields_are_camel_case_unless_they_say_otherwise():
    assert Sample().load({"firstSeen": "x", "own_name": 3}) == {"first_seen": "x", "inner_value": 3}


@pytest.mark.parametrize("name", ["first_seen", "innerValue", "unknown"])
def test_other_spellings_are_unknown(name):
    with pytest.raises(ValidationError) as caught:
        Sample().load({name: "1"})
    assert list(caught.value.messages) == [name]


def test_nul_is_refused_and_named():
    with pytest.raises(ValidationError) as caught:
        Sample().load({"firstSeen": "a\x00b"})
    assert caught.value.messages == {"firstSeen": ["Must not contain the NUL character."]}


def test_values_are_split_trimmed_and_upper_cased():
    assert Sample().load({"severity": "high, LOW"}) == {"severity": ["HIGH", "LOW"]}


@pytest.mark.parametrize("text", ["", ",", "HIGH,", "HIGH,,LOW", "MEDIUM", ",".join(["LOW"] * 101)])
def test_empty_unknown_and_too_many_values_are_refused(text):
    with pytest.raises(ValidationError):
        Sample().load({"severity": text})
