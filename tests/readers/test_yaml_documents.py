import math
import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import UnreadableError
from kubenetlab.readers import yaml_documents as module
from kubenetlab.readers.yaml_documents import yaml_documents
from kubenetlab.readers.yaml_scalars import plain_value


def load(text):
    return list(yaml_documents(text.encode()))


# What kubectl makes of a scalar (sigs.k8s.io/yaml over goyaml.v2).
SCALARS = {
    "yes": True, "No": False, "ON": True, "true": True, "y": "y", "~": None, "null": None, "": None,
    "22:22": "22:22", "12:30:45": "12:30:45", "2026-01-01": "2026-01-01", "2026-01-01T00:00:00Z": "2026-01-01T00:00:00Z",
    "0": 0, "-5": -5, "+5": 5, "0777": 511, "0o777": 511, "0x1F": 31, "1e3": 1000.0, "1.5": 1.5, ".5": 0.5, "08": 8.0,
    "10.0.0.1": "10.0.0.1", "1_000": "1_000", "=": "=", "1.31": 1.31, "v1": "v1", "-": "-", "12345678901234567890": 1.2345678901234567e19,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_plain_value__means_what_kubectl_takes_it_for(text, value):
    found = plain_value(text)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".inf", "-.inf"])
def test_plain_value__knows_what_is_not_finite(text):
    assert not math.isfinite(plain_value(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: '5'", {"a": "5"}),
        ('a: "yes"', {"a": "yes"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("8080: a\nyes: b\n~: c", {"8080": "a", "true": "b", "~": "c"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, d: 0}\nc:\n  <<: *x\n  d: 2", {"a": {"b": 1, "d": 0}, "c": {"d": 2, "b": 1}}),
        ("a: &x {b: 1}\nc:\n  <<: [*x, {b: 3, e: 4}]", {"a": {"b": 1}, "c": {"b": 1, "e": 4}}),
        ('"<<": 1', {"<<": 1}),
        ("a: !!str 5", {"a": "5"}),
        ("a: !!int '5'", {"a": 5}),
        ("a: !!binary aGk=", {"a": "aGk="}),
        ("a: ! 5", {"a": "5"}),
        ("[]", []),
        ("- - 1\n  - 2\n- {}", [[1, 2], {}]),
    ],
)
def test_yaml_documents__reads_yaml_as_kubectl_does(text, value):
    assert load(text) == [value]


def test_yaml_documents__leaves_empty_documents_out():
    assert load("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n") == [{"a": 1}, {"b": 2}]


def test_yaml_documents__anchors_end_with_their_document():
    with pytest.raises(UnreadableError, match="alias"):
        load("a: &x 1\n---\nb: *x")


REFUSED = {
    "a key twice": ("a: 1\nb: 2\na: 3", "line 3: found the key 'a' twice in one map"),
    "an unknown tag": ("a: !Ref b", "line 1: found the tag !Ref"),
    "a tag that runs code": (
        "a: !!python/object/apply:os.system [x]",
        "line 1: found the tag .*python/object/apply:os.system",
    ),
    "a set": ("a: !!set {b}", "line 1: found the tag .*set"),
    "a map as a key": ("? {a: 1}\n: b", "line 1: found a map, list or alias as a key"),
    "a list under <<": ("a:\n  <<: 5", "line 2: found << with something that is not a map"),
    "an alias of itself": ("a: &x [*x]", "line 1: found the alias \\*x before its anchor"),
    "an alias of nothing": ("a: *x", "found the alias \\*x"),
    "200 levels": ("a: " + "[" * 201, "line 1: found nesting deeper than 200 levels"),
    "100,000 levels in flow style": ("{a: " * 100_000, "nesting deeper"),
    "100,000 levels in block style": ("- " * 100_000, "nesting deeper"),
    "100,000 levels of keys": ("? " * 100_000, "as a key"),
    "an open quote": ('a: "b', "line 1: found malformed YAML"),
    "a tab": ("a:\n\tb: 1", "line 2: found malformed YAML"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_yaml_documents__refuses(text, message):
    with pytest.raises(UnreadableError, match=message):
        load(text)


@pytest.mark.parametrize(
    "start", ["a0: &a0 [1, 2, 3]\n", "a0: &a0 {x: 1, y: 2, z: 3}\n"], ids=["lists", "merges"]
)
def test_yaml_documents__refuses_aliases_that_multiply(start):
    line = "a{n}: &a{n} [{all}]\n" if "[" in start else "a{n}: &a{n} {{<<: [{all}]}}\n"
    bomb = start + "".join(line.format(n=n, all=", ".join([f"*a{n - 1}"] * 9)) for n in range(1, 12))

    with pytest.raises(UnreadableError, match="aliases that multiply"):
        load(bomb)


def test_yaml_documents__refuses_merges_that_multiply_keys():
    keys = ", ".join(f"k{n}: 1" for n in range(2000))

    with pytest.raises(UnreadableError, match="aliases that multiply"):
        load(f"a: &a {{{keys}}}\n" + "".join(f"b{n}: {{<<: *a}}\n" for n in range(2000)))


def test_yaml_documents__refuses_much_text(monkeypatch):
    monkeypatch.setattr(module, "MAX_YAML_BYTES", 3)

    with pytest.raises(
        UnreadableError, match="found 4 bytes of YAML, expected at most 3; print it with -o json"
    ):
        load("a: 1")


YAML_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(exclude_categories=["C"])),
    lambda values: (
        st.lists(values, max_size=4)
        | st.dictionaries(st.from_regex("[a-z]{1,5}_", fullmatch=True), values, max_size=4)
    ),
    max_leaves=30,
)


@given(YAML_VALUES.filter(lambda value: value is not None))
def test_yaml_documents__reads_what_yaml_dump_wrote(value):
    assert load(yaml.safe_dump(value)) == [value]


def test_yaml_documents__reads_the_same_without_libyaml():
    code = (
        "import sys, yaml; del yaml.CSafeLoader\n"
        "from kubenetlab.readers.yaml_documents import yaml_documents\n"
        "print(list(yaml_documents(b'a: &x [1, yes]\\nb: *x')))"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "[{'a': [1, True], 'b': [1, True]}]\n"
