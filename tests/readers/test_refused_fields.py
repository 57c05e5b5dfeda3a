import pytest

from kubenetlab.readers.refused_fields import field_error, shown

MESSAGES = [
    ("Expected `int` <= 65535 - at `$.spec.ports[1].port`", {"spec": {"ports": [1, {"port": 70000}]}}, ("spec.ports[1].port", "70000", "a whole number <= 65535")),
    ("Expected `int | str | null`, got `float` - at `$.a`", {"a": 1.5}, ("a", "1.5", "a whole number or text")),
    ("Object missing required field `port` - at `$.spec`", {"spec": {}}, ("spec.port", "nothing", "a value")),
    ("Object missing required field `metadata`", {}, ("metadata", "nothing", "a value")),
    ("Expected `object`, got `array`", [1], ("the item", "[1]", "a map")),
    ("podCIDR: found '10.0.0.0', expected a CIDR - at `$.spec`", {}, ("spec.podCIDR", "10.0.0.0", "a CIDR")),
    ("Expected `str`, got `int` - at `$.labels[...]`", {"labels": {"a": "b", "x.y/z": 1}}, ("labels.x.y/z", "1", "text")),
    ("Expected `str`, got `int` - at `$.labels[...]`", {"labels": {}}, ("labels....", "null", "text")),
    ("Expected `str`, got `null` - at `$.values[...]`", {"values": ["a", None]}, ("values[1]", "null", "text")),
    ("Something new - at `$.a`", {"a": True}, ("a", "true", "Something new")),
    ("Something new - at `$.a[3].b`", {"a": 5}, ("a.3.b", "null", "Something new")),
]  # fmt: skip


@pytest.mark.parametrize(("message", "item", "expected"), MESSAGES)
def test_field_error__names_field_value_and_rule(message, item, expected):
    assert field_error(message, item) == expected


def test_shown__cuts_long_values():
    assert shown("a" * 100) == '"' + "a" * 78 + "…"


def test_shown__writes_what_json_cannot():
    assert shown(float("inf")) == "inf"
