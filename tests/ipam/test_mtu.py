import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.mtu import (
    IPV6_MINIMUM_MTU,
    header_bytes,
    mtu_table,
    overhead_bytes,
    pod_mtu,
    tcp_mss,
)
from kubenetlab.ipam.mtu_overheads import COMBINATIONS, OVERHEADS
from kubenetlab.result import Basis

UNDERLAYS = st.integers(1500, 65535)
VERSIONS = st.sampled_from([4, 6])


# calico 87c1590, felix int_dataplane.go; cilium, pkg/mtu/mtu.go and pull request 45940; flannel cdf7605, pkg/backend;
# ovn-kubernetes 6c366bb, pkg/types/const.go; AKS: felix, aksMTUOverhead.
@pytest.mark.parametrize(
    ("underlay", "component", "encapsulations", "version", "expected"),
    [
        (1500, "calico", ["vxlan"], 4, 1450),
        (1500, "calico", ["vxlan"], 6, 1430),
        (1500, "calico", ["ipip"], 4, 1480),
        (1500, "calico", ["wireguard"], 4, 1440),
        (1500, "calico", ["wireguard"], 6, 1420),
        (1500, "calico", ["ipip", "vxlan"], 4, 1450),
        (1500, "calico", ["wireguard-hosts-aks"], 4, 1340),
        (1500, "calico", ["bgp"], 4, 1500),
        (1500, "cilium", ["vxlan"], 4, 1450),
        (1500, "cilium", ["geneve"], 6, 1430),
        (1500, "cilium", ["vxlan", "wireguard"], 4, 1370),
        (1500, "cilium", ["ipsec"], 4, 1423),
        (1500, "cilium", ["vxlan", "ipsec"], 4, 1373),
        (9001, "cilium", ["wireguard-1.19.5"], 4, 8906),
        (1400, "cilium", ["wireguard"], 4, 1320),
        (1500, "flannel", ["host-gw"], 4, 1500),
        (1500, "flannel", ["wireguard"], 4, 1420),
        (1500, "flannel", ["ipip"], 4, 1480),
        (1500, "flannel", ["ipsec"], 4, 1423),
        (1500, "flannel", ["ipsec-udp"], 4, 1415),
        (1500, "flannel", ["udp"], 4, 1472),
        (9001, "flannel", ["vxlan"], 4, 8951),
        (9001, "calico", ["wireguard"], 4, 8941),
        (1460, "flannel", ["vxlan"], 4, 1410),
        (1500, "ovn-kubernetes", ["geneve-ovn"], 4, 1442),
        (1500, "ovn-kubernetes", ["geneve-ovn"], 6, 1422),
        (9001, "aws-vpc-cni", [], 4, 9001),
    ],
)
def test_pod_mtu__worked_examples(underlay, component, encapsulations, version, expected):
    assert pod_mtu(underlay, component, encapsulations, version=version) == expected


def test_pod_mtu__a_longer_auth_key_of_ciliums_ipsec_takes_its_bytes():
    # cilium, pkg/mtu/mtu.go: EncryptionIPsecOverhead + (authKeySize - EncryptionDefaultAuthKeyLength)
    assert pod_mtu(1500, "cilium", ["vxlan", "ipsec"], auth_key_bytes=32) == 1500 - 50 - 77 - 16


def test_pod_mtu__the_auth_key_changes_nothing_without_ipsec():
    assert pod_mtu(1500, "cilium", ["vxlan"], auth_key_bytes=32) == 1450
    assert pod_mtu(1500, "flannel", ["ipsec"], auth_key_bytes=32) == 1423


@given(UNDERLAYS, st.sampled_from(sorted(OVERHEADS)), VERSIONS)
def test_pod_mtu__is_the_networks_less_the_overhead(underlay, way, version):
    component, name = way
    if (OVERHEADS[way].ipv4 if version == 4 else OVERHEADS[way].ipv6) is None:
        return

    taken = overhead_bytes(component, [name], version=version)

    assert pod_mtu(underlay, component, [name], version=version) + taken == underlay


@given(st.permutations(["ipip", "vxlan", "wireguard"]), st.integers(0, 3))
def test_overhead_bytes__calico_takes_the_largest_of_those_that_are_on(names, n):
    chosen = names[:n]

    found = overhead_bytes("calico", chosen)

    assert found == max((overhead_bytes("calico", [name]) for name in chosen), default=0)


@pytest.mark.parametrize(
    ("component", "names", "version", "words"),
    [
        ("calico", ["geneve"], 4, "calico has no encapsulation 'geneve': known are ipip, vxlan"),
        ("calico", ["ipip"], 6, "calico has no ipip over IPv6"),
        ("flannel", ["vxlan", "ipip"], 4, "flannel has one encapsulation at a time, not vxlan, ipip"),
        ("weave", ["sleeve"], 4, "weave has no encapsulation 'sleeve': known are none"),
        ("calico", ["vxlan"], 5, "calico has no vxlan over IPv5"),
    ],
)
def test_overhead_bytes__refuses_what_a_component_does_not_have(component, names, version, words):
    with pytest.raises(ValueError, match=words):
        overhead_bytes(component, names, version=version)


@pytest.mark.parametrize("underlay", [0, 67, -1, 65536, float("nan")])
def test_pod_mtu__refuses_what_is_no_mtu(underlay):
    with pytest.raises(ValueError, match="is not from 68 to 65535 bytes"):
        pod_mtu(underlay)


def test_pod_mtu__refuses_a_network_that_the_headers_fill():
    with pytest.raises(ValueError, match="leaves 18 of them to pods, 50 are headers"):
        pod_mtu(68, "calico", ["vxlan"])


def test_tcp_mss__is_the_mtu_without_ip_and_tcp_header():
    # RFC 9293, section 3.7.1: MTU - 40 over IPv4, MTU - 60 over IPv6
    assert (tcp_mss(1450), tcp_mss(1450, 6)) == (1410, 1390)


def test_header_bytes__are_unknown_where_they_depend_on_keys():
    assert header_bytes("cilium", ["vxlan", "ipsec"]) is None


def test_header_bytes__calicos_tunnels_are_alternatives_and_ciliums_are_nested():
    assert header_bytes("calico", ["vxlan", "wireguard"]) == 60
    assert header_bytes("cilium", ["vxlan", "wireguard"]) == 110


def test_mtu_table__has_a_row_for_every_combination():
    frame = mtu_table().frame

    assert list(zip(frame["component"], frame["encapsulation"], strict=True)) == [
        (component, "+".join(names)) for component, names in COMBINATIONS
    ]


def test_mtu_table__leaves_out_what_does_not_exist_over_ipv6():
    assert "ipip" not in set(mtu_table(version=6).frame.query("component == 'flannel'")["encapsulation"])


def test_mtu_table__every_combination_fits_an_ipv4_network():
    assert mtu_table().frame["fits"].dropna().all()


def test_mtu_table__flannels_vxlan_does_not_fit_an_ipv6_network():
    # flannel takes 50 bytes off also where the outer header is IPv6, 70 bytes with the rest
    frame = mtu_table(version=6).frame

    assert frame.loc[~frame["fits"].fillna(True), ["component", "encapsulation"]].to_numpy().tolist() == [
        ["flannel", "vxlan"]
    ]


def test_mtu_table__share_of_vxlan_on_ethernet():
    row = mtu_table().frame.query("component == 'flannel' and encapsulation == 'vxlan'").iloc[0]

    assert round(row["underlay_share"], 3) == 0.967


def test_mtu_table__has_no_ipv6_segment_below_ipv6s_minimum():
    frame = mtu_table(IPV6_MINIMUM_MTU + 40).frame

    assert (frame["tcp_mss_ipv6_bytes"].isna() == (frame["pod_mtu_bytes"] < IPV6_MINIMUM_MTU)).all()


def test_mtu_table__refuses_another_ip_version():
    with pytest.raises(ValueError, match="version 5 is neither 4 nor 6"):
        mtu_table(version=5)


# Cilium's IPIP and its padded WireGuard are known from documentation and a pull request only.
def test_mtu_table__is_as_sure_as_its_least_sure_row():
    assert mtu_table().basis is Basis.DOCS
