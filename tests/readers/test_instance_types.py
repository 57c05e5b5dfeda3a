import gzip
import io
import json

import pytest

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.ipam.aws_vpc_cni import max_pods
from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.objects.instance_type import InstanceType
from kubenetlab.readers.instance_types import read_instance_types


def entry(name="m5.large", enis=3, ips=10, cards=None, **fields):
    """One entry, as `aws ec2 describe-instance-types` prints it (EC2 API reference, InstanceTypeInfo)."""
    network = {
        "NetworkPerformance": "Up to 10 Gigabit",
        "MaximumNetworkInterfaces": enis,
        "MaximumNetworkCards": len(cards or [1]),
        "DefaultNetworkCardIndex": 0,
        "NetworkCards": [
            {"NetworkCardIndex": index, "NetworkPerformance": "x", "MaximumNetworkInterfaces": most}
            for index, most in enumerate(cards or [enis])
        ],
        "Ipv4AddressesPerInterface": ips,
        "Ipv6AddressesPerInterface": ips,
        "Ipv6Supported": True,
    }
    vcpus = {"DefaultVCpus": 2, "DefaultCores": 1, "DefaultThreadsPerCore": 2}
    return {
        "InstanceType": name,
        "BareMetal": False,
        "Hypervisor": "nitro",
        "VCpuInfo": vcpus,
        "NetworkInfo": network,
        **fields,
    }


def read(*entries, listing=None):
    text = json.dumps({"InstanceTypes": entries} if listing is None else listing)
    return read_instance_types(io.StringIO(text))


def without(name, **fields):
    return {key: value for key, value in entry(**fields).items() if key != name}


def test_read_instance_types__by_name_in_order():
    found = read(entry("m5.large"), entry("c5.large"))

    assert list(found) == ["c5.large", "m5.large"]
    assert found["m5.large"] == INSTANCE_TYPES["m5.large"] == InstanceType(3, 10, 2, True)


def test_read_instance_types__only_the_default_network_card_counts():
    p5 = entry("p5.48xlarge", 64, 50, cards=[2] * 32, VCpuInfo={"DefaultVCpus": 192})

    found = read(p5)["p5.48xlarge"]

    assert (found, max_pods(found)) == (INSTANCE_TYPES["p5.48xlarge"], 100)


def test_read_instance_types__without_network_cards():
    old = entry("m5.large")
    del old["NetworkInfo"]["NetworkCards"], old["NetworkInfo"]["DefaultNetworkCardIndex"]

    assert read(old)["m5.large"].enis == 3


@pytest.mark.parametrize(
    ("fields", "supports_prefixes"),
    [({"Hypervisor": "xen"}, False), ({"BareMetal": True}, True), ({"Hypervisor": "nitro"}, True)],
)
def test_read_instance_types__prefixes_need_nitro_or_bare_metal(fields, supports_prefixes):
    found = read({**without("Hypervisor"), **fields})

    assert found["m5.large"].supports_prefixes is supports_prefixes


def test_read_instance_types__vcpus_may_be_missing():
    assert read(without("VCpuInfo"))["m5.large"].vcpus is None


def test_read_instance_types__takes_a_queried_list_and_gzip(tmp_path):
    path = tmp_path / "types.json.gz"
    path.write_bytes(gzip.compress(json.dumps([entry()]).encode()))

    assert read_instance_types(path) == read_instance_types(str(path)) == read(entry())


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (
            {**entry(), "NetworkInfo": {"MaximumNetworkInterfaces": "3", "Ipv4AddressesPerInterface": 10}},
            r"InstanceType m5.large: NetworkInfo.MaximumNetworkInterfaces: found \"3\", expected a whole number",
        ),
        (
            {**entry(), "NetworkInfo": {"MaximumNetworkInterfaces": 0, "Ipv4AddressesPerInterface": 10}},
            "found 0, expected a whole number >= 1",
        ),
        (
            {**entry(), "NetworkInfo": {"MaximumNetworkInterfaces": 3}},
            "NetworkInfo.Ipv4AddressesPerInterface: found nothing, expected a value",
        ),
        (without("NetworkInfo"), "InstanceType m5.large: NetworkInfo: found nothing, expected a value"),
        (without("InstanceType"), r"InstanceType InstanceTypes\[0\]: InstanceType: found nothing"),
        ("m5.large", r"InstanceType InstanceTypes\[0\]: the item: found \"m5.large\", expected a map"),
        (
            {**entry("m5\x1b[31m"), "VCpuInfo": []},
            r"InstanceType m5\[31m: VCpuInfo: found \[\], expected a map",
        ),
    ],
)
def test_read_instance_types__refuses_an_entry(broken, message):
    with pytest.raises(ManifestError, match=f"^the open file: .*{message}"):
        read(broken)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no JSON"),
        ("{", "found no JSON"),
        ("[" * 100_000, "found no JSON"),
        ('{"InstanceTypes": []}', "found no list InstanceTypes with entries"),
        ('{"Subnets": [{}]}', "found no list InstanceTypes with entries"),
        ("3", "found no list InstanceTypes with entries"),
    ],
)
def test_read_instance_types__refuses_what_is_no_listing(text, message):
    with pytest.raises(UnreadableError, match=f"^the open file: {message}.*aws ec2 describe-instance-types"):
        read_instance_types(io.StringIO(text))


def test_read_instance_types__refuses_a_missing_file(tmp_path):
    with pytest.raises(UnreadableError, match="found no readable file"):
        read_instance_types(tmp_path / "none.json")


def test_read_instance_types__refuses_a_huge_file(monkeypatch):
    monkeypatch.setattr("kubenetlab.readers.instance_types.MAX_BYTES", 10)

    with pytest.raises(UnreadableError, match=r"found [\d,]+ bytes, expected at most 10"):
        read(entry())
