import pytest

from kubenetlab.ipam.host_local_config import load_config


def load(cni_args="", **ipam):
    return load_config({"cniVersion": "1.0.0", "name": "net", "ipam": ipam}, cni_args)


def texts(config):
    return [str(range_set) for range_set in config.range_sets]


def test_load_config__fills_in_gateway_start_and_end():
    held = load(subnet="10.1.0.0/24").range_sets[0].ranges[0]

    assert (str(held.gateway), str(held.start), str(held.end)) == ("10.1.0.1", "10.1.0.1", "10.1.0.254")


def test_load_config__ipv6_ends_at_the_last_address():
    assert texts(load(subnet="fd00::/120")) == ["fd00::1-fd00::ff"]


# Network address and broadcast address are handed out where the configuration names them.
def test_load_config__takes_start_and_end_from_the_whole_subnet():
    assert texts(load(subnet="10.1.0.0/29", rangeStart="10.1.0.0", rangeEnd="10.1.0.7")) == [
        "10.1.0.0-10.1.0.7"
    ]


def test_load_config__a_gateway_outside_the_range_costs_no_address():
    assert load(subnet="10.1.0.0/29", gateway="10.9.9.9").capacity == 6


# config.go: the range of the older style before the sets, the runtime's before both.
def test_load_config__order_of_range_sets():
    config = {
        "cniVersion": "0.3.1",
        "ipam": {"subnet": "10.1.0.0/28", "ranges": [[{"subnet": "10.2.0.0/28"}]]},
        "runtimeConfig": {"ipRanges": [[{"subnet": "10.3.0.0/28"}]]},
    }

    starts = [str(range_set.ranges[0].start) for range_set in load_config(config).range_sets]

    assert starts == ["10.3.0.1", "10.1.0.1", "10.2.0.1"]


def test_load_config__gathers_requested_addresses():
    config = {
        "ipam": {"subnet": "10.1.0.0/28"},
        "args": {"cni": {"ips": ["10.1.0.5"]}},
        "runtimeConfig": {"ips": ["10.1.0.6/28"]},
    }

    requested = load_config(config, "IgnoreUnknown=1;IP=10.1.0.4").requested

    assert list(map(str, requested)) == ["10.1.0.4", "10.1.0.5", "10.1.0.6"]


def test_what_binds__names_the_smallest_set():
    config = load(ranges=[[{"subnet": "10.1.0.0/24"}], [{"subnet": "fd00::/125"}]])

    assert config.capacity == 6
    assert config.what_binds == "Range set 1 (fd00::1-fd00::7) is full at 6 containers of this network."


# Facts of containernetworking/plugins 1.1.1, range.go, range_set.go and config.go.
@pytest.mark.parametrize(
    ("ipam", "message"),
    [
        ({}, "^no IP ranges specified$"),
        ({"subnet": "10.1.0.0/32"}, "^invalid range set 0: Network 10.1.0.0/32 too small to allocate from$"),
        ({"subnet": "10.1.0.9/24"}, "mask of length 24 the network address is 10.1.0.0$"),
        (
            {"subnet": "10.1.0.0/24", "rangeStart": "10.1.0.20", "rangeEnd": "10.1.0.10"},
            "^invalid range set 0: RangeStart 10.1.0.20 not in network 10.1.0.0/24$",
        ),
        (
            {"subnet": "10.1.0.0/24", "rangeEnd": "10.1.0.0"},
            "^invalid range set 0: RangeEnd 10.1.0.0 not in network 10.1.0.0/24$",
        ),
        (
            {"subnet": "10.1.0.0/24", "rangeStart": "fd00::1"},
            "RangeStart fd00::1 not in network 10.1.0.0/24$",
        ),
        ({"ranges": [[]]}, "^invalid range set 0: empty range set$"),
        ({"ranges": [[{}]]}, "^invalid range set 0: IP <nil> not v4 nor v6$"),
        ({"subnet": "10.1.0.0"}, "invalid CIDR address: 10.1.0.0$"),
        ({"subnet": "10.1.0.0/24", "gateway": "here"}, "invalid IP address: here$"),
        (
            {"ranges": [[{"subnet": "10.1.0.0/29"}, {"subnet": "10.1.0.0/28"}]]},
            "^invalid range set 0: subnets 10.1.0.1-10.1.0.6 and 10.1.0.1-10.1.0.14 overlap$",
        ),
        (
            {"ranges": [[{"subnet": "10.1.0.0/29"}], [{"subnet": "10.1.0.0/28"}]]},
            "^range set 0 overlaps with 1$",
        ),
        ({"subnet": 24}, "Expected `str"),
    ],
)
def test_load_config__refuses(ipam, message):
    with pytest.raises(ValueError, match=message):
        load(**ipam)


def test_load_config__refuses_a_configuration_without_ipam():
    with pytest.raises(ValueError, match="IPAM config missing 'ipam' key"):
        load_config({"name": "net"})


def test_load_config__old_cni_versions_know_one_address_a_family():
    config = {
        "ipam": {"ranges": [[{"subnet": "10.1.0.0/28"}], [{"subnet": "10.2.0.0/28"}]]},
        "cniVersion": "0.2.0",
    }

    with pytest.raises(
        ValueError, match=r"CNI version 0\.2\.0 does not support more than 1 address per family"
    ):
        load_config(config)
