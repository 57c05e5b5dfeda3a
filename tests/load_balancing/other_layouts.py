"""kube-proxy's rules as other releases, tools and people write them: text in, text that means the same out."""

import re
import shlex

from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier
from kubenetlab.kube_proxy.ipvs_servers import ipvsadm_text, virtual_servers
from kubenetlab.kube_proxy.nftables_proxier import nftables_dump

_ONE = 2**31
_FIRST = ("-s", "-d", "-i", "-o", "-p")  # as iptables-save orders them
_MAP = re.compile(
    r"(?P<head>add rule \S+ kube-proxy (?P<chain>\S+)) meta l4proto (?P<protocol>\w+)"
    r" dnat ip6? addr \. port to numgen random mod \d+ map { (?P<elements>.+) }"
)


# ---- iptables


def five_digits(text, rng):
    """Probabilities as before Kubernetes 1.17."""
    return re.sub(r"--probability (\S+)", lambda found: f"--probability {float(found[1]):.5f}", text)


def masquerade_in_services(text, rng):
    """Before 1.22 the rule that marks traffic to a ClusterIP stood in KUBE-SERVICES."""
    lines, moved = [], {}
    for line in text.splitlines():
        is_mark = line.startswith(("-A KUBE-SVC-", "-A KUBE-SVL-")) and line.endswith("-j KUBE-MARK-MASQ")
        if is_mark:
            chain = line.split()[1]
            moved[chain] = line.replace(f"-A {chain} ", "-A KUBE-SERVICES ")
        else:
            lines.append(line)
    return _joined(
        new
        for line in lines
        for new in (
            [moved.pop(line.split()[-1]), line]
            if line.startswith("-A KUBE-SERVICES ") and line.split()[-1] in moved
            else [line]
        )
    )


def external_by_masquerade(text, rng):
    """Before 1.24: no KUBE-EXT; marked and sent to KUBE-SVC at once, or KUBE-XLB for the policy Local."""
    lines = text.splitlines()
    chains = {name: _rules_of(lines, name) for name in re.findall(r"^:(KUBE-EXT-\S+)", text, re.MULTILINE)}
    cluster = {
        name
        for name, rules in chains.items()
        if rules[0].endswith("-j KUBE-MARK-MASQ") and "LOCAL" not in rules[0]
    }
    made = []
    for line in lines:
        target = line.split()[-1] if line.startswith("-A") else ""
        if line.split(" ")[0] == "-A" and line.split()[1] in cluster:
            continue
        if line.startswith(":") and line[1:].split()[0] in cluster:
            continue
        if target in cluster:
            start = line.removesuffix(target)
            made += [start + rule.split()[-1] for rule in chains[target]]
        else:
            made.append(line.replace("KUBE-EXT-", "KUBE-XLB-"))
    return _joined(made)


def local_endpoints_in_place(text, rng):
    """Before 1.22: KUBE-XLB held the local endpoints itself, and marked for dropping where there were none."""
    lines = text.splitlines()
    for chain in re.findall(r"^:(KUBE-XLB-\S+)", text, re.MULTILINE):
        local = chain.replace("KUBE-XLB-", "KUBE-SVL-")
        jump, own = f"-A {chain} -j {local}", _rules_of(lines, local)
        is_shared = any(line.endswith(f"-j {local}") and line != jump for line in lines)
        drop = [f"-A {chain} -j KUBE-MARK-DROP"]
        instead = [rule.replace(local, chain) for rule in own if "KUBE-MARK-MASQ" not in rule] or drop
        if jump not in lines:
            lines.insert(max(i for i, line in enumerate(lines) if line.startswith(f"-A {chain} ")) + 1, jump)
        gone = [] if is_shared else [*own, f":{local} - [0:0]"]
        lines = [new for line in lines if line not in gone for new in (instead if line == jump else [line])]
    is_refusal = re.compile(r"-A KUBE-EXTERNAL-SERVICES .*has no local endpoints")
    return _joined(
        new for line in lines if not is_refusal.match(line) for new in (line, *_MARK_DROP.get(line, ()))
    )


_MARK_DROP = {
    ":KUBE-MARK-MASQ - [0:0]": (":KUBE-MARK-DROP - [0:0]",),
    "-A KUBE-MARK-MASQ -j MARK --or-mark 0x00004000": ("-A KUBE-MARK-DROP -j MARK --or-mark 0x00008000",),
    "-A INPUT -j KUBE-FIREWALL": ("-A KUBE-FIREWALL -m mark --mark 0x00008000/0x00008000 -j DROP",),
}


def shuffled(text, rng):
    """Services in another order, as at every sync, and endpoints too, as before they were sorted."""
    in_nat = re.compile(r"-A KUBE-SERVICES .*-d .* -j KUBE-(?!NODEPORTS)")
    lines = _shuffled_block(text.splitlines(), rng, in_nat.match)
    for chain in sorted(set(re.findall(r"^:(KUBE-SV[CL]-\S+)", text, re.MULTILINE))):
        at = [
            i
            for i, line in enumerate(lines)
            if line.startswith(f"-A {chain} ") and "KUBE-SEP-" in line and "--rcheck" not in line
        ]
        targets = [lines[i].split()[-1] for i in at]
        for i, target in zip(at, rng.permutation(targets), strict=True):
            lines[i] = f"{lines[i].rpartition(' ')[0]} {target}"
    return _joined(lines)


def counted(text, rng):
    """With counters, as ``iptables-save -c``."""
    return _joined(f"[7:420] {line}" if line.startswith("-A") else line for line in text.splitlines())


def saved(text, rng):
    """The normal form of iptables-save: addresses first, with their length, and the kernel's probabilities."""
    tool = "ip6tables" if re.search(r" -[ds] [0-9a-f]*:", text) else "iptables"
    return f"# Generated by {tool}-save v1.8.9 on Sat Nov 21 10:00:00 2026\n" + _joined(
        _normal(line) if line.startswith("-A") else line for line in text.splitlines()
    )


def without_comments(text, rng):
    """As in clusters of more than 1000 endpoints, but everywhere."""
    return re.sub(r' -m comment --comment ("[^"]*"|\S+)', "", text)


def _normal(line):
    words = shlex.split(line)
    chain, options, negated = words[1], [], ""
    for word in words[2:]:
        if word == "!":
            negated = "! "
        elif word.startswith("-"):
            options.append([negated + word])
            negated = ""
        else:
            options[-1].append(word)
    first = [
        option for name in _FIRST for option in options if option[0].endswith(name) and len(option[0]) <= 4
    ]
    rest = [option for option in options if option not in first]
    return " ".join(["-A", chain, *(_option(option) for option in first + rest)])


def _option(words):
    name, *values = words
    value = " ".join(values)
    if name.endswith((" -s", " -d")) or name in ("-s", "-d"):
        value = value if "/" in value else f"{value}/{128 if ':' in value else 32}"
    if name == "--comment":
        value = f'"{value}"'
    if name == "--probability":
        value = f"{round(float(value) * _ONE) / _ONE:.11f}"
    if name == "--or-mark":
        name, value = "--set-xmark", f"{int(value, 16):#x}/{int(value, 16):#x}"
    if name == "--xor-mark":
        name, value = "--set-xmark", f"{int(value, 16):#x}/0x0"
    if name == "--mark" or name.endswith(" --mark"):
        value = "/".join(f"{int(part, 16):#x}" for part in value.split("/"))
    return f"{name} {value}".rstrip()


def _rules_of(lines, chain):
    return [line for line in lines if line.startswith(f"-A {chain} ")]


def _shuffled_block(lines, rng, is_inside):
    at = [i for i, line in enumerate(lines) if is_inside(line)]
    moved = [lines[i] for i in at]
    # A masquerade rule must stay before the rule of the same Service: move both as one.
    groups, pending = [], []
    for line in moved:
        pending.append(line)
        if not line.endswith("-j KUBE-MARK-MASQ"):
            groups.append(pending)
            pending = []
    order = rng.permutation(len(groups))
    result = list(lines)
    for i, line in zip(at, [line for g in order for line in groups[g]] + pending, strict=True):
        result[i] = line
    return result


# ---- nftables


def endpoint_chains(text, rng):
    """As before the direct map: a chain for every endpoint, chosen by a map of verdicts."""
    chains, lines = {}, []
    for line in text.splitlines():
        found = _MAP.fullmatch(line)
        if not found:
            lines.append(line)
            continue
        table = " ".join(line.split()[2:4])
        jumps = []
        for number, place in _elements(found["elements"]):
            name = f"endpoint-AAAAAAAA-{found['chain'].partition('-')[2]}__{place.replace(' . ', '/').replace(':', '.')}"
            rule = f"add rule {table} {name}"
            chains[name] = [
                f"{rule} {table.split()[0]} saddr {place.split()[0]} jump mark-for-masquerade",
                f"{rule} meta l4proto {found['protocol']} dnat to {_joined_place(place)}",
            ]
            jumps.append(f"{number} : goto {name}")
        lines.append(f"{found['head']} numgen random mod {len(jumps)} vmap {{ {' , '.join(jumps)} }}")
    table = " ".join(text.split()[2:4])
    first_rule = next((i for i, line in enumerate(lines) if line.startswith("add rule")), len(lines))
    lines[first_rule:first_rule] = [f"add chain {table} {name}" for name in ("mark-for-masquerade", *chains)]
    mark = f"add rule {table} mark-for-masquerade mark set mark or 0x00004000"
    return _joined([*lines, mark, *(rule for rules in chains.values() for rule in rules)])


def single_without_map(text, rng):
    """As after 1.36: a Service with one endpoint needs no map."""
    return _joined(map(_single, text.splitlines()))


def _single(line):
    found = _MAP.fullmatch(line)
    if not found or " , " in found["elements"]:
        return line
    ((_, place),) = _elements(found["elements"])
    return f"{found['head']} meta l4proto {found['protocol']} dnat to {_joined_place(place)}"


def _elements(text):
    return [element.split(" : ", 1) for element in text.split(" , ")]


def _joined_place(place):
    address, port = place.split(" . ")
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def shuffled_maps(text, rng):
    """Elements and endpoints in another order."""
    lines = text.splitlines()
    at = [i for i, line in enumerate(lines) if line.startswith("add element")]
    for i, line in zip(at, rng.permutation([lines[i] for i in at]), strict=True):
        lines[i] = str(line)
    return _joined(_shuffled_map(line, rng) for line in lines)


def _shuffled_map(line, rng):
    found = _MAP.fullmatch(line)
    if not found:
        return line
    places = rng.permutation([place for _, place in _elements(found["elements"])])
    elements = " , ".join(f"{number} : {place}" for number, place in enumerate(places))
    return line.replace(found["elements"], elements)


def listed(text, rng):
    """As ``nft list ruleset`` prints it."""
    table = " ".join(text.split()[2:4])
    blocks, rules, elements = {}, {}, {}
    for line in text.splitlines():
        verb_kind, rest = line.split(f" {table} ", 1) if f" {table} " in line else (line, "")
        kind = verb_kind.split()[1]
        name, _, body = rest.partition(" ")
        if kind == "rule":
            rules.setdefault(name, []).append(body)
        elif kind == "element":
            elements.setdefault(name, []).append(body.removeprefix("{ ").removesuffix(" }"))
        elif kind in ("chain", "set", "map"):
            blocks[name] = kind, body
    made = [f"table {table} {{"]
    for name, (kind, body) in sorted(blocks.items(), key=lambda item: item[1][0] == "chain"):
        made += [
            f"\t{kind} {name} {{",
            *_properties(kind, body),
            *(f"\t\t{rule}" for rule in rules.get(name, ())),
        ]
        if name in elements:
            made.append(f"\t\telements = {{ {', '.join(elements[name])} }}")
        made += ["\t}", ""]
    return _joined([*made[:-1], "}"])


def _properties(kind, body):
    body = body.removeprefix("{ ").removesuffix(" }")
    parts = [part.strip() for part in body.split(" ;") if part.strip()]
    if kind == "chain" and parts and parts[0].startswith("type"):
        return [f"\t\t{parts[0]}; policy accept;"]
    return [f"\t\t{part}" for part in parts]


# ---- all of them

_IPTABLES = {
    "as written": (),
    "normal form": (saved,),
    "with counters": (saved, counted),
    "five digits": (five_digits,),
    "five digits, normal form": (five_digits, saved),
    "masquerade in KUBE-SERVICES": (masquerade_in_services, saved),
    "KUBE-XLB": (external_by_masquerade, saved),
    "before 1.22": (external_by_masquerade, local_endpoints_in_place, masquerade_in_services, saved),
    "before 1.17": (
        external_by_masquerade, local_endpoints_in_place, masquerade_in_services, five_digits, shuffled, saved,
    ),
    "shuffled": (shuffled, saved),
    "without comments": (without_comments, saved),
}  # fmt: skip
_NFTABLES = {
    "commands": (),
    "listing": (listed,),
    "chains of endpoints": (endpoint_chains,),
    "chains of endpoints, listing": (endpoint_chains, listed),
    "one endpoint without map": (single_without_map,),
    "one endpoint without map, listing": (single_without_map, listed),
    "shuffled": (shuffled_maps, listed),
}


def _restored(ports, settings, version):
    return IptablesProxier(settings, version).sync(ports)


def _saved(ports, settings, version):
    proxier = IptablesProxier(settings, version)
    proxier.sync(ports)
    return proxier.save()


def _ipvs(ports, settings, version):
    return ipvsadm_text(virtual_servers(ports, settings, version))


#: By name: who writes the rules, and what is done to their text.
LAYOUTS = {
    "iptables-restore": (_restored, ()),
    **{f"iptables, {name}": (_saved, steps) for name, steps in _IPTABLES.items()},
    **{f"nftables, {name}": (nftables_dump, steps) for name, steps in _NFTABLES.items()},
    "ipvs": (_ipvs, ()),
}


def rules_text(layout, ports, settings, rng, version=4):
    """The rules of a node in a layout; in every layout they mean the same."""
    write, steps = LAYOUTS[layout]
    text = write(ports, settings, version)
    for step in steps:
        text = step(text, rng)
    return text


def _joined(lines):
    return "".join(f"{line}\n" for line in lines)
