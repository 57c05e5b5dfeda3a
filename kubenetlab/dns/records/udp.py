"""How many bytes an answer has on the wire, and what of it fits into a UDP packet.

Source: github.com/miekg/dns (used by CoreDNS 1.13.1), msg_truncate.go and msg.go (``domainNameLen``): an answer is
compressed only where it would not fit without; the target of an SRV or a DNAME record never is (RFC 2782, RFC 6672).
"""

from collections.abc import Iterable, Sequence

from kubenetlab.dns.records.zones import absolute
from kubenetlab.objects.dns_message import NAMES_IN_DATA, Answer, Record

PLAIN_BYTES = 512  # without EDNS (RFC 1035, section 4.2.1)
_OPT_BYTES = 11
_FARTHEST_POINTER = 1 << 14
#: Bytes of data beside names, by type.
_BYTES = {"A": 4, "AAAA": 16, "CNAME": 0, "NS": 0, "PTR": 0, "DNAME": 0, "MX": 2, "SRV": 6, "SOA": 20}
_UNCOMPRESSED = ("SRV", "DNAME")


class _Packet:
    """The size of a message while it grows; ``known`` are the names that a pointer can name, None without compression."""

    def __init__(self, name: str, is_compressed: bool) -> None:
        self.size, self.known = 12, set[str]() if is_compressed else None
        self.size += self._name(absolute(name), 12) + 4

    def bytes_of(self, record: Record) -> int:
        """Count a record and learn its names."""
        n_bytes = self._name(record.name, self.size) + 10
        words = record.data.split()
        for place in NAMES_IN_DATA.get(record.type, ()):
            n_bytes += self._name(words[place], self.size + n_bytes, record.type not in _UNCOMPRESSED)
        return n_bytes + _BYTES.get(record.type, len(record.data.strip('"').encode()) + 1)

    def _name(self, name: str, at: int, has_pointer: bool = True) -> int:
        rest, known = name, self.known
        while known is not None and rest not in ("", "."):
            if rest in known:
                return len(name) - len(rest) + 2 if has_pointer else len(name) + 1
            if at + len(name) - len(rest) < _FARTHEST_POINTER:
                known.add(rest)
            rest = rest.partition(".")[2]
        return len(name) + (name != ".")


def _records(answer: Answer) -> Iterable[Record]:
    return (*answer.answer, *answer.authority, *answer.additional)


def answer_bytes(answer: Answer, name: str, *, is_compressed: bool = False) -> int:
    """Return the size of an answer to a name without an EDNS record, as CoreDNS logs it (``rsize``) [bytes].

    Where an answer does not fit into the client's limit, CoreDNS sends it compressed.
    """
    packet = _Packet(name, is_compressed)
    for record in _records(answer):
        packet.size += packet.bytes_of(record)
    return packet.size


def udp_answer(
    answer: Answer, name: str, type: str = "A", limit: int = PLAIN_BYTES, *, has_edns: bool = False
) -> Answer:
    """Return what of an answer fits into a UDP packet, with TC set where something does not.

    Parameters
    ----------
    answer, name, type
        The answer and its question (the type does not change the size).
    limit
        What the client takes [bytes], at least 512; more says that it uses EDNS, whose record takes 11 of them.
    has_edns
        That it uses EDNS also where the limit is 512 bytes.

    Returns
    -------
    The answer itself where it fits; else the first records that do, section by section.
    """
    room = max(limit, PLAIN_BYTES) - (_OPT_BYTES if has_edns or limit > PLAIN_BYTES else 0)
    if answer_bytes(answer, name) <= room:
        return answer
    packet = _Packet(name, is_compressed=True)
    kept = [_that_fit(packet, part, room) for part in (answer.answer, answer.authority, answer.additional)]
    is_cut = sum(map(len, kept)) < len([*_records(answer)])
    is_truncated = answer.is_truncated or is_cut
    return answer._replace(answer=kept[0], authority=kept[1], additional=kept[2], is_truncated=is_truncated)


def _that_fit(packet: _Packet, section: Sequence[Record], room: int) -> tuple[Record, ...]:
    for index, record in enumerate(section):
        packet.size += packet.bytes_of(record) if packet.size < room else 1
        if packet.size > room:
            packet.size = room
            return tuple(section[:index])
    return tuple(section)
