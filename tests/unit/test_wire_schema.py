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


class Outer(Schema):
    inner = fields.Nested(Sample)
    several = fields.List(fields.Nested(Sample))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("first_seen", "firstSeen"),
        ("FIRSTSEEN", "firstSeen"),
        ("severty", "severity"),
        ("own_nam", "own_name"),
    ],
)
@pytest.mark.parametrize("place", ["", "inner", "several"])
def test_a_slip_is_told_what_was_meant(name, known, place):
    said = {name: "1"}
    with pytest.raises(ValidationError) as caught:
        (Outer if place else Sample)().load(
            {"": said, "inner": {"inner": said}, "several": {"several": [said]}}[place]
        )
    meant = {name: [f"Unknown field. Did you mean {known}?"]}
    assert caught.value.messages == {
        "": meant, "inner": {"inner": meant}, "several": {"several": {0: meant}}
    }[place]  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        {"else": "1"},
        {"x" * 60 + "severity": "1"},
        {f"severity{n}": "1" for n in range(11)},
        {"severity": "UNKNOWN"},
    ],
    ids=["far", "long", "many", "known"],
)
def test_what_is_no_slip_is_told_nothing(said):
    with pytest.raises(ValidationError) as caught:
        Sample().load(said)
    assert caught.value.messages.keys() == said.keys()
    assert "mean" not in str(caught.value)


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
