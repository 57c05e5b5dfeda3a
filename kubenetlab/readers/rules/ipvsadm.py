"""ipvs servers in: what ``ipvsadm -S -n`` saves, and what ``ipvsadm -ln`` lists, also with ``--stats``.

Source: ipvsadm 1.31, ipvsadm.c (print_service_entry) and ipvsadm(8). Basis: *docs*; the saved form *ran* (recordings).
"""

from __future__ import annotations

import re

from kubenetlab.errors import ManifestError, Refusal, UnreadableError
from kubenetlab.objects.address_text import is_address
from kubenetlab.objects.virtual_servers import RealServer, VirtualServer, VirtualServers
from kubenetlab.readers.rules.iptables_values import number
from kubenetlab.readers.rules.iptables_words import WrongWord

_PROTOCOLS = {"-t": "TCP", "-u": "UDP", "--sctp-service": "SCTP"}
_WAYS = {"-m": "Masq", "-g": "Route", "-i": "Tunnel", "Local": "Route"}
_PROTOCOL = rf"(?P<protocol>{'|'.join([*_PROTOCOLS, *_PROTOCOLS.values()])})"
_COUNT = r"(?: [0-9]+[KMGT]?)"
_HEADING = re.compile(r"(?:IP Virtual Server|Prot LocalAddress:Port(?!.* CPS)|-> RemoteAddress:Port).*")
_SERVICE = re.compile(
    rf"(?:-A )?{_PROTOCOL} (?P<place>\S+)"
    rf"(?: (?:-p|persistent) (?P<lasting>\S+)| (?P<ops>-o|ops)(?= |$)| (?:-b |\()(?P<flags>[a-z,-]+)\)?| (?:-M|mask) \S+"
    rf"| (?:-s )?(?!persistent|ops|mask)(?P<scheduler>[a-z]+)(?= |$)|{_COUNT})*"
)
_SERVER = re.compile(
    rf"(?:-a {_PROTOCOL} (?P<service>\S+) -r|->) (?P<place>\S+)"
    r"(?:(?: (?P<way>Masq|Route|Tunnel|Local) (?P<listed>\S+) (?P<active>\S+) (?P<inactive>\S+))"
    rf"|(?P<counts>{_COUNT}+)|(?: (?P<saved_way>-[mgi])| -w (?P<weight>\S+)| -[xy] \S+)*)"
)
_PLACE = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d+)")
_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_COUNTS_ONLY = "schedulers, weights and forwarding are not in a listing with --stats"
_ROUNDED = "large counts are rounded (K, M, G, T); ask with --exact"


class _Reader:
    def __init__(self) -> None:
        self.servers: dict[tuple[str, str, int], tuple[VirtualServer, list[RealServer]]] = {}
        self.missing: dict[str, None] = {}
        self.has_heading = False

    def read(self, line: str) -> None:
        text = " ".join(line.split()).removeprefix("ipvsadm ")
        if not text:
            return
        if _HEADING.fullmatch(text):
            self.has_heading = True
        elif found := _SERVICE.fullmatch(text):
            self._add(found)
        elif (found := _SERVER.fullmatch(text)) and (found["service"] or self.servers):
            self._add_real(found)
        else:
            raise WrongWord("the line", text, "a line of ipvsadm -S -n or ipvsadm -ln")

    def _add(self, found: re.Match[str]) -> None:
        place = _key(found["protocol"], found["place"])
        if place in self.servers:
            raise WrongWord("service", found["place"], "each virtual server once")
        flags = [*(found["flags"] or "").split(","), "ops" * bool(found["ops"])]
        lasting = _count("persistent", found["lasting"]) if found["lasting"] else None
        scheduler = found["scheduler"] or ("wlc" if found[0].startswith("-A") else "")
        if not scheduler:
            self.missing[_COUNTS_ONLY] = None
        server = VirtualServer(*place, scheduler, lasting, tuple(filter(None, flags)))
        self.servers[place] = (server, [])

    def _add_real(self, found: re.Match[str]) -> None:
        last = next(reversed(self.servers), None)
        service = _key(found["protocol"], found["service"]) if found["service"] else last
        if service not in self.servers:
            raise WrongWord("service", found["service"], "a virtual server that is added before")
        place = _place("server", found["place"])
        counts = (found["counts"] or "").split()
        if any(count[-1] in _UNITS for count in counts):
            self.missing[_ROUNDED] = None
        way = found["way"] or found["saved_way"]
        weight = _count("weight", found["listed"] or found["weight"] or "1")
        live, idle, since = (
            _count("server", text) if text else None
            for text in (found["active"], found["inactive"], next(iter(counts), ""))
        )
        forwarding = _WAYS.get(way, way) if way else "Masq" if counts else "Route"
        real = RealServer(*place, weight, forwarding, live, idle, since)
        self.servers[service][1].append(real)


def ipvsadm_servers(text: str, source: str = "-") -> VirtualServers:
    r"""Return the virtual servers of ``ipvsadm -S -n`` or ``ipvsadm -ln``, in their order.

    Parameters
    ----------
    text
        What ipvsadm printed. A listing with ``--stats`` has no schedulers and weights; ``missing`` says so.
    source
        The name of the file, for messages.

    Raises
    ------
    ManifestError
        For a line that cannot be, servers by firewall mark, and names in place of addresses and ports (without ``-n``).
    UnreadableError
        If there is no virtual server in it, and no heading of ipvsadm.

    Examples
    --------
    >>> ipvsadm_servers("TCP  10.96.0.1:443 rr\n  -> 172.18.0.2:6443  Masq  1  0  0\n").servers[0].real_servers[0].port
    6443
    """
    reader = _Reader()
    for line_number, line in enumerate(text.splitlines(), 1):
        try:
            reader.read(line)
        except WrongWord as error:
            about, found = f"line {line_number}", repr(error.found[:80])
            raise ManifestError(Refusal(source, about, error.field, found, error.expected)) from None
    if not reader.servers and not reader.has_heading:
        expected = "what `ipvsadm -S -n` or `ipvsadm -ln` prints"
        raise UnreadableError(f"{source}: found no virtual server, expected {expected}")
    servers = (server._replace(real_servers=tuple(reals)) for server, reals in reader.servers.values())
    return VirtualServers(source, tuple(servers), tuple(reader.missing))


def _key(protocol: str, place: str) -> tuple[str, str, int]:
    return (_PROTOCOLS.get(protocol, protocol), *_place("service", place))


def _place(field: str, text: str) -> tuple[str, int]:
    found = _PLACE.fullmatch(text)
    address = (found[1] or found[2]) if found else ""
    if not found or not is_address(address):
        expected = "an address and a port as numbers; ask with -n: `ipvsadm -S -n` or `ipvsadm -ln`"
        raise WrongWord(field, text, expected)
    return address, number(field, found[3], 65535, "a port")


def _count(field: str, text: str) -> int:
    unit = _UNITS.get(text[-1:], 1)
    return number(field, text[:-1] if unit > 1 else text, 2**64 - 1, "a number") * unit
