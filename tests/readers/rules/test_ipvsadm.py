"""What ipvsadm prints: saved, listed, with counts; and what is refused."""

import gzip
from pathlib import Path

import pytest

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.kube_proxy.ipvs_servers import ipvsadm_text
from kubenetlab.objects.virtual_servers import RealServer, VirtualServer
from kubenetlab.readers.rules.ipvsadm import ipvsadm_servers

RECORDED = Path(__file__).parents[2] / "golden" / "kube-proxy"

# The headings and columns are those of ipvsadm 1.31, ipvsadm.c, print_title and print_service_entry.
HEAD = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
LISTED = (
    f"{HEAD}  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
    "TCP  10.96.0.1:443 rr persistent 10800\n"
    "  -> 172.18.0.2:6443              Masq    1      7          0         \n"
    "  -> 172.18.0.3:6443              Masq    0      0          2         \n"
    "UDP  [fd00::a]:53 sh (sh-fallback,sh-port)\n"
    "  -> [fd00::b]:53                 Route   3      0          0         \n"
    "SCTP 10.96.0.9:5060 wlc ops\n"
    "  -> 10.0.0.9:5060                Local   1      0          0         \n"
)
STATS = (
    "IP Virtual Server version 1.2.1 (size=4096)\n"
    "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
    "  -> RemoteAddress:Port\n"
    "TCP  10.96.0.1:443                      12      120      110     9000   120000K\n"
    "  -> 172.18.0.2:6443                    12      120      110     9000   120000K\n"
)


def recorded():
    paths = (*RECORDED.glob("*/output*.ipvs"), *RECORDED.glob("*/output*.ipvs.gz"))
    read = {
        path: gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
        for path in paths
    }
    return [pytest.param(text, id=path.parent.name) for path, text in sorted(read.items()) if text.strip()]


@pytest.mark.parametrize("text", recorded())
def test_ipvsadm_servers__written_again_is_the_recording(text):
    servers = ipvsadm_servers(text)

    assert ipvsadm_text(servers) == text
    assert servers.missing == ()


def test_ipvsadm_servers__reads_a_listing():
    servers = ipvsadm_servers(LISTED)

    assert servers.servers == (
        VirtualServer(
            "TCP", "10.96.0.1", 443, "rr", 10800, (),
            (RealServer("172.18.0.2", 6443, 1, "Masq", 7, 0), RealServer("172.18.0.3", 6443, 0, "Masq", 0, 2)),
        ),
        VirtualServer(
            "UDP", "fd00::a", 53, "sh", None, ("sh-fallback", "sh-port"), (RealServer("fd00::b", 53, 3, "Route", 0, 0),)
        ),
        VirtualServer(
            "SCTP", "10.96.0.9", 5060, "wlc", None, ("ops",), (RealServer("10.0.0.9", 5060, 1, "Route", 0, 0),)
        ),
    )  # fmt: skip
    assert servers.missing == ()


def test_ipvsadm_servers__reads_counts_since_a_server_was_added():
    servers = ipvsadm_servers(STATS)

    assert servers.servers[0].scheduler == ""
    assert servers.servers[0].real_servers == (RealServer("172.18.0.2", 6443, connections=12),)
    assert servers.missing == (
        "schedulers, weights and forwarding are not in a listing with --stats",
        "large counts are rounded (K, M, G, T); ask with --exact",
    )


def test_ipvsadm_servers__reads_other_options():
    text = (
        "ipvsadm -A -u 10.96.0.1:53 -s mh -p 60 -M 255.255.255.0 -o -b mh-fallback,mh-port\n"
        "-a -u 10.96.0.1:53 -r 10.0.0.1:53 -i -w 2 -x 5 -y 1\n"
    )

    servers = ipvsadm_servers(text)

    (server,) = servers.servers
    assert (server.scheduler, server.persistence_s, server.flags) == (
        "mh",
        60,
        ("mh-fallback", "mh-port", "ops"),
    )
    assert server.real_servers == (RealServer("10.0.0.1", 53, 2, "Tunnel"),)


def test_ipvsadm_servers__an_empty_listing_has_no_servers():
    assert ipvsadm_servers(HEAD).servers == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-A -t kubernetes.default:https -s rr\n", "servers: line 1: service: found 'kubernetes.default:https', expected .* ask with -n"),
        (LISTED.replace("172.18.0.3:6443 ", "node-2:sun-sr-https"), "line 6: server: .* ask with -n"),
        ("-A -t 10.96.0.1:70000 -s rr\n", "line 1: service: found '70000', expected a port from 0 to 65535"),
        ("-A -t 10.96.0.300:80 -s rr\n", "line 1: service: found '10.96.0.300:80', expected an address"),
        ("-A -s rr\n", "line 1: the line: found '-A -s rr', expected a line of ipvsadm"),
        ("-A -f 6 -s rr\n", "line 1: the line: found '-A -f 6 -s rr', expected a line of ipvsadm"),
        (STATS.replace("Conns   InPkts", "  CPS    InPPS"), "line 2: the line: found 'Prot LocalAddress:Port CPS "),
        ("-A -t 10.96.0.1:80 -s rr\n" * 2, "line 2: service: found '10.96.0.1:80', expected each virtual server once"),
        ("-a -t 10.96.0.1:80 -r 10.0.0.1:80 -m\n", "line 1: service: .* a virtual server that is added before"),
        ("-A -t 10.96.0.1:80 -s rr\n-a -t 10.96.0.1:80 -m\n", "line 2: the line: found '-a -t 10.96.0.1:80 -m'"),
        ("-A -t 10.96.0.1:80 --quick\n", "line 1: the line: found '-A -t 10.96.0.1:80 --quick'"),
        ("-A -t 10.96.0.1:80 -p soon\n", "line 1: persistent: found 'soon', expected a number"),
        ("TCP 10.96.0.1:80 rr\n  -> 10.0.0.1:80 Masq 1 0\n", "line 2: the line: found '-> 10.0.0.1:80 Masq 1 0'"),
        ("  -> 10.0.0.1:80 Masq 1 0 0\n", "line 1: the line: .* expected a line of ipvsadm"),
        ("hello\n", "line 1: the line: found 'hello', expected a line of ipvsadm"),
    ],
)  # fmt: skip
def test_ipvsadm_servers__refuses_with_file_line_and_text(text, message):
    with pytest.raises(ManifestError, match=message):
        ipvsadm_servers(text, "servers")


def test_ipvsadm_servers__refuses_a_text_without_servers():
    with pytest.raises(UnreadableError, match="found no virtual server"):
        ipvsadm_servers("\n")
