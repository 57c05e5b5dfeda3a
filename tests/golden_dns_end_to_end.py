"""How the lookups of real resolvers against the real CoreDNS are split and answered; the row in golden_models."""

import json
from functools import cache

from kubenetlab.dns.corefile.core_dns import CoreDns
from kubenetlab.dns.records.udp import answer_bytes
from kubenetlab.dns.resolvers import OLDER_RESOLVERS, RESOLVERS, HostAddresses, lookup
from kubenetlab.objects.dns_message import Sent
from kubenetlab.readers.cluster_reader import read_bytes
from kubenetlab.readers.corefile import corefile_from_text
from tests.golden_dns_records import not_modelled

#: The recorder's server and what it forwarded to, from what it answered (there are no records of these texts).
COREFILE = """.:53 {
    errors
    log
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods %(pods)s
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    %(autopath)s
    forward . 127.0.0.1:5301
    loadbalance
}
"""
OPTIONS = {
    "plain": {"pods": "insecure", "autopath": ""},
    "autopath": {"pods": "verified", "autopath": "autopath @kubernetes"},
}
OUTSIDE = """example.com {
    file /zones/example.com
}
. {
    template IN ANY {
        rcode NXDOMAIN
        authority ". 60 IN SOA ns.root. b.root. 1 7200 1800 86400 60"
    }
}
"""
ZONE = """$ORIGIN example.com.
@ 300 IN SOA ns a 1 7200 1800 86400 60
@ 300 IN NS ns
@ 300 IN A 192.0.2.1
www 300 IN A 192.0.2.2
www 300 IN AAAA 2001:db8::2
short 5 IN A 192.0.2.3
api.eu 300 IN A 192.0.2.4
"""
#: In the recorder, the pod app/client has this address.
CLIENT = "127.0.0.1"


def split(recording):
    """Inputs: how the lookup was made; recorded: queries by candidate, how many, and what the program got."""
    case = recording.document["cases"][recording.index]
    asked = [query for query in case["queries"] if not query.get("internal_upstream_lookup")]
    inside = [query for query in case["queries"] if query.get("internal_upstream_lookup")]
    recorded = {
        "queries": _by_candidate(
            [[query[name] for name in ("name", "type", "proto", "rcode", "rsize")] for query in asked]
        ),
        "asked_by_the_server": sorted([query["name"], query["type"]] for query in inside),
        "n_client_queries": case["n_client_queries"],
        "result": {"code": case["rc"], "text": case["err"], "addresses": sorted(case["addrs"])},
    }
    inputs = {name: case[name] for name in ("corefile", "resolver", "resolv_conf", "family", "name")}
    return inputs | {"objects": recording.path.with_name("e2e-objects.json")}, recorded


def answer(inputs):
    """The lookup with our resolver against our CoreDNS."""
    for what, known in (("corefile", OPTIONS), ("resolver", RESOLVERS | OLDER_RESOLVERS)):
        if inputs[what] not in known:
            raise not_modelled(f"{what} {inputs[what]}")
    server = _server(inputs["objects"], inputs["corefile"])
    found = lookup(
        inputs["name"],
        inputs["resolv_conf"],
        resolver=inputs["resolver"],
        ask=server.ask,
        family=inputs["family"],
        host=HostAddresses(address=CLIENT),
    )
    replies = [(asked.sent, asked.reply.answer) for asked in found.queries]
    inside = [list(query) for _, reply in replies for query in reply.internal_queries]
    return {
        "queries": _by_candidate([_as_logged(server, sent) for sent, _ in replies]),
        "asked_by_the_server": sorted(inside),
        "n_client_queries": len(replies),
        "result": {"code": found.code, "text": found.text, "addresses": sorted(found.addresses)},
    }


def _as_logged(server, sent):
    """A query as plugin log writes it: with the size before the answer is cut or compressed."""
    whole = server.ask(sent._replace(transport="tcp")).answer
    return [sent.name, sent.type, sent.transport, str(whole.rcode), answer_bytes(whole, sent.name)]


def _by_candidate(queries):
    """The queries of each candidate, all in any order: the server logged them as they were done."""
    return {name: sorted(query[1:] for query in queries if query[0] == name) for name, *_ in queries}


@cache
def _server(objects, corefile):
    items = json.loads(objects.read_bytes())["objects"]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()
    cluster = read_bytes("e2e-objects.json", text)
    outside = CoreDns(corefile_from_text(OUTSIDE), cluster, files={"/zones/example.com": ZONE})
    return CoreDns(
        corefile_from_text(COREFILE % OPTIONS[corefile]),
        cluster,
        upstream=lambda name, type: outside.ask(Sent(name, type, transport="tcp")).answer,
    )


#: By output: name, version, what is compared, split, answer.
END_TO_END = {
    "e2e-coredns": (
        "kubenetlab.dns.pod_lookup",
        "glibc 2.36, musl 1.2.5, Go 1.27.3 against CoreDNS 1.13.1",
        "queries by candidate (type, transport, rcode, size of the answer), the server's own queries, number of client "
        "queries; code, text and addresses of the result",
        split,
        answer,
    )
}
