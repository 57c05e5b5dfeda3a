import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.kernel.packets import PROTOCOL_NUMBERS, Flow, Seen, packet_bytes, seen_in

PORTS = st.integers(1, 65535)


@st.composite
def flows(draw):
    version = draw(st.sampled_from([4, 6]))
    addresses = st.integers(0, 2 ** (32 if version == 4 else 128) - 1)
    protocol, number = draw(st.sampled_from(sorted(PROTOCOL_NUMBERS))), draw(st.integers(1, 2**32 - 2))
    return Flow(version, protocol, draw(addresses), draw(PORTS), draw(addresses), draw(PORTS), number)


def ones_complement_sum(data):
    """RFC 1071, section 4.1, byte by byte."""
    total = sum(byte << 8 if place % 2 == 0 else byte for place, byte in enumerate(data))
    return total % 0xFFFF


def parts(packet):
    """Addresses, protocol and body of an IP packet."""
    if packet[0] >> 4 == 4:
        return packet[12:20], packet[9], packet[20:]
    return packet[8:40], packet[6], packet[40:]


def icmp_about(packet, version, kind):
    around = packet_bytes(Flow(version, "udp", 1, 1, 2, 2, 9))
    head = bytearray(around[: 20 if version == 4 else 40])
    head[9 if version == 4 else 6] = 1 if version == 4 else 58
    return bytes(head) + bytes([kind]) + bytes(7) + packet


@given(flows())
def test_seen_in__finds_the_flow_of_its_own_packet(flow):
    seen = seen_in(packet_bytes(flow))

    assert seen == Seen(flow.number, False, flow.source, flow.destination, flow.destination_port)


@given(flows())
def test_packet_bytes__has_a_right_transport_checksum(flow):
    addresses, protocol, body = parts(packet_bytes(flow))

    assert ones_complement_sum(addresses + struct.pack("!HH", protocol, len(body)) + body) == 0


@given(flows())
def test_packet_bytes__has_a_right_length_and_header_checksum(flow):
    packet = packet_bytes(flow)

    if flow.version == 4:
        assert (struct.unpack_from("!H", packet, 2)[0], ones_complement_sum(packet[:20])) == (len(packet), 0)
    else:
        assert struct.unpack_from("!H", packet, 4)[0] == len(packet) - 40


@given(flows(), st.booleans())
def test_seen_in__takes_only_unreachable_as_refusal(flow, is_refusal):
    unreachable = 3 if flow.version == 4 else 1

    seen = seen_in(icmp_about(packet_bytes(flow), flow.version, unreachable if is_refusal else 5))

    assert seen == (Seen(flow.number, True) if is_refusal else None)


def test_seen_in__takes_a_reset_as_refusal_of_the_number_it_acknowledges():
    packet = bytearray(packet_bytes(Flow(4, "tcp", 1, 2, 3, 4, 77)))
    packet[20 + 8 : 20 + 14] = struct.pack("!IBB", 78, 0x50, 0x14)  # RST, ACK

    assert seen_in(bytes(packet)) == Seen(77, True)


@given(flows(), st.integers(0, 60))
def test_seen_in__gives_none_or_the_flow_of_a_cut_packet(flow, length):
    seen = seen_in(packet_bytes(flow)[:length])

    assert seen is None or seen.number == flow.number


@pytest.mark.parametrize("packet", [b"", b"\x45", bytes(60), bytes([0x45, *[0] * 8, 6, *[0] * 8])])
def test_seen_in__takes_strange_bytes_for_nobodys(packet):
    assert seen_in(packet) is None
