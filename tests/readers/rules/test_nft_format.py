"""nft rule sets as text again: the recordings byte for byte, and random rule sets read back equal."""

import gzip
import subprocess
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.objects.packet_rules import (
    Accept,
    Asks,
    Chain,
    Choose,
    Condition,
    Dnat,
    Drop,
    Goto,
    Look,
    NamedSet,
    Remember,
    Rule,
    RuleSet,
    SetMark,
    Table,
)
from kubenetlab.readers.rules.nft_format import format_nft
from kubenetlab.readers.rules.nft_rules import nft_rules

RECORDED = Path(__file__).parents[2] / "golden" / "kube-proxy"

# As nft 1.0.6 and Linux 6.18 listed it, of a table written by hand; without handles, tabs shown as >.
LISTED = """table inet foo {
>comment "x"
>counter cc {
>>packets 1 bytes 2
>}

>set p {
>>type inet_service
>>elements = { 1, 2, 3, 4, 5,
>>>     6, 7, 8, 9, 10,
>>>     11, 12 }
>}

>set q {
>>type inet_proto
>>elements = { icmp, tcp, udp, gre, esp,
>>>     ah, sctp }
>}

>set m {
>>type mark
>>elements = { 0x00000001, 0x00000002, 0x00000003, 0x00000004, 0x00000005,
>>>     0x00000006, 0x00000007, 0x00000008 }
>}

>set i {
>>type ifname
>>elements = { "a",
>>>     "b" }
>}

>set a4 {
>>type ipv4_addr
>>flags interval
>>elements = { 1.1.1.1, 2.2.2.2-3.3.3.3,
>>>     5.5.5.5, 9.9.9.9,
>>>     10.0.0.0/8 }
>}

>set a6 {
>>type ipv6_addr
>>elements = { fd00::1,
>>>     fd00::2 }
>}

>set e {
>>type ether_addr
>>elements = { 00:11:22:33:44:55,
>>>     00:11:22:33:44:56 }
>}

>set c {
>>type ipv4_addr
>>size 100
>>flags dynamic,timeout
>>counter
>>timeout 1h5m3s
>>gc-interval 10s
>>elements = { 1.1.1.1 counter packets 0 bytes 0 timeout 50s expires 49s996ms comment "hi", 2.2.2.2 counter packets 0 bytes 0 expires 1h5m2s996ms,
>>>     3.3.3.3 counter packets 0 bytes 0 expires 1h5m2s996ms }
>}

>map pm {
>>type inet_service : verdict
>>elements = { 1 : accept, 2 : drop, 3 : drop, 4 : accept }
>}

>map am {
>>type ipv4_addr : ipv4_addr . inet_service
>>elements = { 1.1.1.1 : 2.2.2.2 . 80, 1.1.1.2 : 2.2.2.2 . 80,
>>>     1.1.1.3 : 2.2.2.2 . 80 }
>}

>map mm {
>>type mark : mark
>>elements = { 0x00000001 : 0x00000002 }
>}

>set to {
>>typeof ip daddr . tcp dport
>>elements = { 1.1.1.1 . 80 }
>}

>chain in {
>>comment "zz"
>>type filter hook input priority raw + 5; policy drop;
>>counter name "cc"
>>tcp dport { 80, 443, 1000-2000 } ct state established,related counter packets 3 bytes 180 accept comment "a , b"
>>iifname { "a", "b" } accept
>}

>chain n {
>>type nat hook prerouting priority dstnat - 10; policy accept;
>>meta l4proto tcp dnat ip to ip daddr map @am
>>numgen random mod 10 vmap { 0-3 : jump x, 4-9 : goto x }
>}

>chain x {
>}
}
""".replace(">", "\t")


def recorded():
    names = ("output*.nft", "output*nft-dump", "output*nft-kernel-list")
    paths = {path for name in names for end in ("", ".gz") for path in RECORDED.glob(f"*/{name}{end}")}
    return [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in sorted(paths)]


@pytest.mark.parametrize("path", recorded())
def test_format_nft__is_the_recording_that_was_read(path):
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()

    assert format_nft(nft_rules(text)) == text


def test_format_nft__is_the_kernel_listing_of_other_tables():
    assert format_nft(nft_rules(LISTED)) == LISTED


def test_format_nft__leaves_out_handles_and_warnings():
    text = (
        "# Warning: table ip nat is managed by iptables-nft, do not touch!\ntable ip nat { # handle 1\n"
        "\tchain C { # handle 2\n\t\tcounter packets 1 bytes 2 drop # handle 3\n\t}\n}\ntable ip empty {\n}\n"
    )

    assert format_nft(nft_rules(text)) == (
        "table ip nat {\n\tchain C {\n\t\tcounter packets 1 bytes 2 drop\n\t}\n}\ntable ip empty {\n}\n"
    )


def test_format_nft__writes_the_commands_that_were_read():
    text = (
        "add table ip t\nadd chain ip t c { type filter hook input priority 0 ; policy drop ; comment \"x\" ; }\n"
        "add set ip t s { type ipv4_addr ; size 9 ; flags dynamic,timeout ; timeout 60s ; }\nadd element ip t gone { 10.0.0.1 }\n"
        "delete element ip t s { 10.0.0.1 }\ninsert rule ip t c drop\nadd counter ip t n { packets 0 bytes 0 ; }\nflush table ip t\n"
        "flush ruleset\n"
    ).replace("add table ip t\n", "")  # fmt: skip

    assert format_nft(nft_rules(text)) == text


SERVICE_KEY = "ipv4_addr . inet_proto . inet_service : verdict"
addresses = st.integers(0x0A000001, 0x0AFFFFFF)
ports = st.integers(1, 65535)
endpoints = st.lists(st.tuples(addresses, ports), min_size=1, max_size=4, unique=True)
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"], exclude_characters='"'), max_size=8)
services = st.lists(
    st.tuples(addresses, ports, st.sampled_from(["tcp", "udp", "sctp"]), endpoints, st.booleans(), words),
    max_size=4,
    unique_by=lambda service: service[:3],
)


def dotted(address):
    return ".".join(map(str, address.to_bytes(4, "big")))


def balanced(name, protocol, ends):
    """A chain that sends packets to endpoints directly."""
    held = ", ".join(f"{index} : {dotted(address)} . {port}" for index, (address, port) in enumerate(ends))
    text = f"meta l4proto {protocol} dnat ip to numgen random mod {len(ends)} map {{ {held} }}"
    outcomes = tuple(Dnat((address, address), (port, port)) for address, port in ends)
    return [Chain(name, (Rule((protocol_is(protocol),), (Choose(outcomes),), text=text),))], []


def protocol_is(protocol):
    return Condition(Asks.PROTOCOL, frozenset({protocol}))


def sticky(name, protocol, ends):
    """A chain that sends packets to endpoint chains, which remember their clients."""
    chains, sets, rules, targets = [], [], [], []
    for address, port in ends:
        end = f"{name}__{dotted(address)}/{port}"
        held = f"affinity-{end}"
        sets.append(
            NamedSet(
                held,
                "ipv4_addr",
                flags=("dynamic", "timeout"),
                timeout_s=10800,
                properties=("type ipv4_addr", "size 65535", "flags dynamic,timeout", "timeout 3h"),
            )
        )
        to = f"meta l4proto {protocol} dnat to {dotted(address)}:{port}"
        remember = Rule((), (Remember(held),), text=f"update @{held} {{ ip saddr }}")
        translate = Rule((protocol_is(protocol),), (Dnat((address, address), (port, port)),), text=to)
        chains.append(Chain(f"endpoint-{end}", (remember, translate)))
        again = Condition(Asks.REMEMBERED, (held, 10800))
        rules.append(Rule((again,), (Goto(f"endpoint-{end}"),), text=f"ip saddr @{held} goto endpoint-{end}"))
        targets.append(Goto(f"endpoint-{end}"))
    held = ", ".join(f"{index} : goto {target.chain}" for index, target in enumerate(targets))
    choose = Rule((), (Choose(tuple(targets)),), text=f"numgen random mod {len(ends)} vmap {{ {held} }}")
    return [*chains, Chain(name, (*rules, choose))], sets


def rule_set(found, form):
    """A small table of kube-proxy's shape, made without reading a text."""
    elements, notes, chains, sets = {}, {}, [], []
    for index, (address, port, protocol, ends, is_sticky, note) in enumerate(found):
        name = f"service-{index}-ns/web/{protocol}/"
        more_chains, more_sets = (sticky if is_sticky else balanced)(name, protocol, ends)
        chains += more_chains
        sets += more_sets
        key = ((address, address), protocol, port)
        elements[key] = Goto(name)
        if note:
            notes[key] = f'comment "{note}"'
    look = Look((Asks.DESTINATION, Asks.PROTOCOL, Asks.DESTINATION_PORT), "service-ips")
    start = Chain(
        "nat-prerouting",
        (
            Rule((Condition(Asks.IN_SET, ("cluster-ips", (Asks.DESTINATION,))),), (SetMark(16384, 16384),),
                 "mark", 'ip daddr @cluster-ips counter meta mark set meta mark | 0x00004000 comment "mark"', 0, 3, 180),
            Rule((), (look,), text="ip daddr . meta l4proto . th dport vmap @service-ips"),
            Rule((Condition(Asks.MARK, (0, 16384), True),), (Drop(),), text="meta mark & 0x00004000 != 0x00000000 drop"),
        ),
        hook="prerouting", priority=-100, policy="ACCEPT", type="nat",
        properties=(f"type nat hook prerouting priority {'dstnat' if form == 'nft list' else '-100'}", "policy accept"),
    )  # fmt: skip
    ips = {((address, address),): None for address, *_ in found}
    held = [
        NamedSet(
            "cluster-ips", "ipv4_addr", ips, properties=("type ipv4_addr", 'comment "Active ClusterIPs"')
        ),
        *sets,
        NamedSet(
            "service-ips",
            SERVICE_KEY,
            elements,
            is_map=True,
            notes=notes,
            properties=(f"type {SERVICE_KEY}",),
        ),
    ]
    end = Chain("last", (Rule((), (Accept(),), text="accept"),), properties=('comment "nothing follows"',))
    table = Table(
        "kube-proxy",
        {c.name: c for c in (start, *chains, end)},
        {s.name: s for s in held},
        "ip",
        ('comment "rules for kube-proxy"',),
    )
    return RuleSet("law", form, 4, {"kube-proxy": table})


def without_lines(rules):
    """The rule set with every line number 0."""
    tables = {}
    for name, table in rules.tables.items():
        chains = {
            chain.name: msgspec.structs.replace(
                chain, line=0, rules=tuple(msgspec.structs.replace(rule, line=0) for rule in chain.rules)
            )
            for chain in table.chains.values()
        }
        sets = {held.name: msgspec.structs.replace(held, line=0) for held in table.sets.values()}
        tables[name] = msgspec.structs.replace(table, chains=chains, sets=sets)
    return msgspec.structs.replace(rules, tables=tables)


@given(found=services, form=st.sampled_from(["nft list", "nft commands"]))
def test_format_nft__reads_back_equal(found, form):
    rules = rule_set(found, form)

    again = nft_rules(format_nft(rules), "law")

    assert without_lines(again) == rules


@pytest.mark.requires("kernel")
def test_format_nft__the_kernel_takes_it_and_lists_it_again():
    found = [
        (0x0A600001, 443, "tcp", [(0x0AF40105, 6443), (0x0AF40206, 6443)], sticky, "web")
        for sticky in (True,)
    ]
    found += [(0x0A60000A, 53, "udp", [(0x0AF40105, 53)], False, "")]
    text = format_nft(rule_set(found, "nft commands"))

    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", "nft -f - && nft list ruleset"],
        input=text,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert format_nft(nft_rules(done.stdout)) == done.stdout
    expected = without_lines(rule_set(found, "nft list")).tables["kube-proxy"]
    listed = without_lines(nft_rules(done.stdout)).tables["kube-proxy"]
    assert listed.chains == expected.chains
    assert {held.name: held.elements for held in listed.sets.values()} == {
        held.name: held.elements for held in expected.sets.values()
    }
