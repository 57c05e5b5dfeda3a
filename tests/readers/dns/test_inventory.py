import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError, ManifestError, UnreadableError
from kubenetlab.objects.name_inventory import NameRate
from kubenetlab.objects.pod import PodDnsConfig, PodDnsOption
from kubenetlab.readers.dns import inventory, read_inventory
from kubenetlab.readers.dns.inventory import inventory_from_bytes

SAMPLE = Path(__file__).parents[3] / "data/dns/000-shop-names.yaml"
ENTRIES = st.builds(
    NameRate,
    name=st.from_regex(r"[a-z0-9_.*-]{1,60}", fullmatch=True),
    rate_per_s=st.floats(0, 1e7),
    pods=st.integers(0, 1_000_000),
    namespace=st.from_regex(r"[a-z0-9]{1,63}", fullmatch=True),
    resolver=st.sampled_from(["glibc", "musl", "go", "cares"]),
    family=st.sampled_from(["unspec", "inet", "inet6"]),
    ndots=st.none() | st.integers(0, 15),
    searches=st.lists(st.sampled_from(["a.example", "."]), max_size=3).map(tuple),
    exists=st.none() | st.booleans(),
)


def test_read_inventory__reads_the_sample():
    entries = read_inventory(SAMPLE).entries

    assert len(entries) == 9
    assert entries[0] == NameRate(name="catalog", namespace="shop", pods=4, rate_per_s=20)
    assert entries[2] == NameRate(name="redis.data", namespace="shop", pods=3, rate_per_s=12, resolver="go")
    assert sum(entry.lookups_per_s for entry in entries) == 299


@given(st.lists(ENTRIES, min_size=1, max_size=4))
def test_inventory_from_bytes__reads_what_was_written(entries):
    data = msgspec.json.encode({"names": entries})

    assert inventory_from_bytes(data).entries == tuple(entries)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"ndots": 2}, PodDnsConfig(options=(PodDnsOption(name="ndots", value="2"),))),
        (
            {"options": ("timeout:1", "use-vc"), "searches": ("a.example",)},
            PodDnsConfig(
                searches=("a.example",),
                options=(PodDnsOption(name="timeout", value="1"), PodDnsOption(name="use-vc")),
            ),
        ),
        ({}, None),
    ],
)
def test_name_rate__says_its_dns_config(entry, expected):
    assert NameRate(name="web", rate_per_s=1, **entry).dns_config == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{name: web}", "entry 1 (web): rate_per_s: found nothing, expected a value"),
        ("{rate_per_s: 1}", "entry 1: name: found nothing, expected a value"),
        ("{name: '', rate_per_s: 1}", 'entry 1 (): name: found "", expected text matching regex'),
        ("{name: a b, rate_per_s: 1}", 'entry 1 (a b): name: found "a b", expected text matching'),
        ("{name: web, rate_per_s: -1}", "entry 1 (web): rate_per_s: found -1, expected float >= 0.0"),
        ("{name: web, rate_per_s: .nan}", "entry 1 (web): rate_per_s: found nan, expected float >= 0.0"),
        (
            "{name: web, rate_per_s: .inf}",
            "entry 1 (web): rate_per_s: found inf, expected float <= 10000000.0",
        ),
        ("{name: web, rate_per_s: fast}", 'entry 1 (web): rate_per_s: found "fast", expected float'),
        ("{name: web, rate_per_s: 1, pods: 2.5}", "entry 1 (web): pods: found 2.5, expected a whole number"),
        (
            "{name: web, rate_per_s: 1, pods: 1000001}",
            "entry 1 (web): pods: found 1000001, expected a whole number <=",
        ),
        (
            "{name: web, rate_per_s: 1, resolver: bind}",
            'entry 1 (web): resolver: found "bind", expected text matching',
        ),
        ("{name: web, rate_per_s: 1, namespace: A_b}", 'entry 1 (web): namespace: found "A_b"'),
        (
            "{name: web, rate_per_s: 1, ndots: 16}",
            "entry 1 (web): ndots: found 16, expected a whole number <= 15",
        ),
        ("{name: web, rate_per_s: 1, searches: a}", 'entry 1 (web): searches: found "a", expected a list'),
        ("{name: web, rate: 1}", "entry 1: rate: found an unknown field, expected rate_per_s?"),
        ("web", 'entry 1: the item: found "web", expected a map'),
    ],
)
def test_inventory_from_bytes__names_the_entry_and_its_field(entry, expected):
    with pytest.raises(ManifestError) as caught:
        inventory_from_bytes(f"names: [{entry}]".encode(), "a.yaml")

    assert str(caught.value).startswith(f"a.yaml: {expected}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("names: []", "a.yaml: the inventory: names: found 0 entries, expected a list of 1 to 50,000"),
        ("names: web", "a.yaml: the inventory: names: found no list"),
        ("name: [{}]", "a.yaml: the inventory: name: found an unknown field, expected names"),
        ("kind: Pod", "a.yaml: the inventory: kind: found an unknown field, expected one of names"),
    ],
)
def test_inventory_from_bytes__says_what_an_inventory_is(text, expected):
    with pytest.raises(ManifestError) as caught:
        inventory_from_bytes(text.encode(), "a.yaml")

    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize("text", ["", "a", "- a", "names: [", "a: 1\n---\na: 1", "\0"])
def test_inventory_from_bytes__refuses_what_is_no_map(text):
    with pytest.raises(UnreadableError, match=r"^a\.yaml: ") as caught:
        inventory_from_bytes(text.encode(), "a.yaml")

    assert "\n" not in str(caught.value)


def test_read_inventory__refuses_a_large_file(tmp_path, monkeypatch):
    monkeypatch.setattr(inventory, "MAX_BYTES", 10)
    (tmp_path / "names.yaml").write_text("names: [{name: web, rate_per_s: 1}]")

    with pytest.raises(UnreadableError, match="found 35 bytes, expected an inventory of names of at most 10"):
        read_inventory(tmp_path / "names.yaml")


def read_or_error(data):
    try:
        return inventory_from_bytes(data).entries
    except KubenetlabError as error:
        return str(error)


def test_inventory_from_bytes__mutants_give_entries_or_one_clean_error():
    rng = random.Random(532)
    text = SAMPLE.read_bytes()
    n_read = 0
    for _ in range(1_000):
        data = bytearray(text)
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = bytes(
                rng.choice(b" {}[]:,&*<-\n9e.\0a\xff") for _ in range(rng.randrange(3))
            )
        found = read_or_error(bytes(data))
        assert found
        assert "\n" not in found
        n_read += isinstance(found, tuple)
    assert 50 < n_read < 1_000


def test_inventory_from_bytes__takes_c_ares_as_the_command_line_writes_it():
    text = b"names: [{name: web, rate_per_s: 1, resolver: c-ares}]"

    assert inventory_from_bytes(text).entries[0].resolver == "cares"
