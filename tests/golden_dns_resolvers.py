"""How the recordings of resolvers are split and answered, by output; rows in golden_models."""

import re
from ipaddress import ip_address

from kubenetlab.dns.resolvers.lookups import lookup
from tests.dns.resolvers.recorded_server import RecordedServer

#: The sets whose waits were recorded well enough to compare, and by how much they may differ [ms].
WAITS = frozenset(("timeout", "nsfail", "loss", "alldead", "latency"))
WITHIN_MS = 250
#: By how much the moments may differ at which the server heard the queries [ms]; of c-ares, whose last wait is random.
HEARD_WITHIN_MS = 100
#: What a library draws at random lies between these two.
CHANCES = (0.0, 0.999)


class OneOf(tuple):
    """What chance allows; equal to another one if they have something in common."""

    def __eq__(self, other):
        return any(one in tuple(other) for one in self)

    __hash__ = None


class Wait(tuple):
    """The least and the most that something may take [ms], and what is near enough; equal to one that it meets."""

    def __eq__(self, other):
        (low, high, within), (other_low, other_high, _) = self, other
        return low - within <= other_high and other_low <= high + within

    __hash__ = None


def split(recording):
    """Inputs: the case without what was seen, and what chance decided in it; recorded: queries, result and waits."""
    case, resolver = recording.document["cases"][recording.index], _resolver(recording)
    result, is_timed = case["result"], case["set"] in WAITS
    heard_ms = [query["t_ms"] - case["queries"][0]["t_ms"] for query in case["queries"]]
    recorded = {
        "queries": _by_what_is_sure(case["queries"], resolver),
        "result": _result(result["rc"], [result["err"]], result["addrs"]),
        **(_waits([result["ms"]], [heard_ms], resolver) if is_timed else {}),
    }
    inputs = {name: case.get(name) for name in ("name", "family", "resolv_conf", "rules", "default", "env")}
    return inputs | {"resolver": resolver, "is_timed": is_timed, "drawn": _drawn(case)}, recorded


def _resolver(recording):
    """The name of its file, or the version that it says."""
    is_old = str(recording.document.get("resolver")).startswith("musl 1.2.3")
    return "musl-1.2.3" if is_old else recording.output


def _drawn(case):
    """What chance decided: which server rotate began with, and when each of several servers heard a query [s]."""
    queries, heard_s = case["queries"], {}
    for query in queries:
        key = (query["server"], query["name"], query["type"])
        heard_s.setdefault(key, []).append((query["t_ms"] - queries[0]["t_ms"]) / 1000)
    servers = _servers(case["resolv_conf"])
    asked_first = _address(queries[0]["server"]) if queries else ""
    first = servers.index(asked_first) if asked_first in servers else 0
    return {"first": first, "heard_s": heard_s if len(servers) > 1 else {}}


def _servers(resolv_conf):
    """The addresses after nameserver, as one text each."""
    return [_address(text) for text in re.findall(r"(?m)^nameserver[ \t]+([^\s;#]+)", resolv_conf)]


def _address(text):
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def answer(inputs):
    """The lookup; of text and waits all that chance allows."""
    found = [_look_up(inputs, chance) for chance in _chances(inputs)]
    queries = [
        {"name": sent.name, "type": sent.type, "server": sent.server, "proto": sent.transport}
        for sent, _, _ in found[0].queries
    ]
    heard_ms = [[query.sent.at_s * 1000 for query in one.queries] for one in found]
    waits = _waits([one.took_s * 1000 for one in found], heard_ms, inputs["resolver"])
    return {
        "queries": _by_what_is_sure(queries, inputs["resolver"]),
        "result": _result(found[0].code, [one.text for one in found], found[0].addresses),
        **(waits if inputs["is_timed"] else {}),
    }


def _chances(inputs):
    if inputs["resolver"] in ("go", "cares"):
        return CHANCES
    n_servers = max(len(_servers(inputs["resolv_conf"])), 1)
    return ((inputs["drawn"]["first"] + 0.5) / min(n_servers, 3),)


def _look_up(inputs, chance):
    heard_s = inputs["drawn"]["heard_s"] if inputs["resolver"].startswith("musl") else {}
    return lookup(
        inputs["name"],
        inputs["resolv_conf"],
        resolver=inputs["resolver"],
        ask=RecordedServer(inputs["rules"], inputs["default"], heard_s),
        family=inputs["family"],
        env=inputs["env"],
        chance=chance,
    )


def _waits(took_ms, heard_ms, resolver):
    """How long the lookup took, and for c-ares when the server heard each query."""
    waits = {"ms": Wait((min(took_ms), max(took_ms), WITHIN_MS))}
    if resolver == "cares":
        waits["heard_ms"] = [Wait((min(ms), max(ms), HEARD_WITHIN_MS)) for ms in zip(*heard_ms, strict=True)]
    return waits


def _result(code, texts, addresses):
    """Code, text without the client's port, addresses in any order (the host's own ones decide it, RFC 6724)."""
    plain = OneOf(re.sub(r"read (\w+) [^>]*->", r"read \1 ->", text) for text in texts)
    return {"code": code, "text": plain, "addresses": sorted(addresses)}


def _by_what_is_sure(queries, resolver):
    """Queries in order; musl's by server, which it asks all at once; Go's as a set by candidate, which race."""
    asked = [[query[name] for name in ("name", "type", "server", "proto")] for query in queries]
    if resolver.startswith("musl"):
        return sorted(asked, key=lambda query: query[2])
    if resolver != "go":
        return asked
    names = dict.fromkeys(query[0] for query in asked)
    return [[name, sorted(query[1:] for query in asked if query[0] == name)] for name in names]


#: By output: name, version, what is compared, split, answer.
OUTPUTS = {
    output: (
        "kubenetlab.dns.resolvers",
        version,
        f"every query {how}, code, text and addresses of the result; waits within 250 ms where they were recorded",
        split,
        answer,
    )
    for output, version, how in (
        ("glibc", "glibc 2.36", "in order (name, type, server, transport)"),
        ("musl", "musl 1.2.5", "in order by server (name, type, transport)"),
        ("musl-1.2.3", "musl 1.2.3", "in order by server (name, type, transport)"),
        ("go", "Go 1.27.3 without cgo", "of each candidate in any order, candidates in order"),
        ("cares", "c-ares 1.34.9", "in order (name, type, server, transport; when, within 100 ms)"),
    )
}
