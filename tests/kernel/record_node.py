"""Records a node after a day: ``python -m tests.kernel.record_node DIR`` (Linux, as root; about a minute).

Thirteen Services of a made-up shop, real TCP connections through their rules in this machine's kernel: the files of
``tests/golden/counters`` and ``data/rules/003-node-after-a-day.rules``. Chance is the kernel's own: no two runs agree.
"""

import gzip
import random
import re
import sys
from pathlib import Path

from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier
from tests.kernel.nodes import SETTINGS, proxied, traffic, where

# So long conntrack lists a connection that is over, or one that nobody answers: 120 s by default, and a longer list.
SHORT = {f"netfilter/nf_conntrack_tcp_timeout_{state}": "1" for state in ("time_wait", "syn_sent")}
PODS = [f"10.244.1.{number}" for number in range(20, 60)]  # clients: the node's own pods
GATEWAY = "10.244.1.200"  # a pod that asks for many: an ingress controller, a NAT
MORNING = 0.6  # of the day's connections come before the earlier save
HEAD = """\
# A node's tables as iptables-save -c printed them after a day of 41,000 connections, in a network namespace: thirteen Services.
# payments/gateway was changed by hand, shop/checkout has a dead endpoint, shop/session remembers its clients.
"""
DEAD = "10.244.3.23"  # hangs, and its readiness probe does not see it


def addresses(node, first, count):
    return [f"10.244.{node}.{number}" for number in range(first, first + count)]


CART = proxied("shop/cart", "10.96.12.40", addresses(2, 10, 6))
CATALOG = proxied("shop/catalog", "10.96.41.7", addresses(2, 30, 5) + addresses(3, 30, 7))
SEARCH_BEFORE = proxied("shop/search", "10.96.77.130", addresses(4, 12, 3), (80, 9200))
SEARCH = proxied("shop/search", "10.96.77.130", addresses(4, 12, 4), (80, 9200))
CHECKOUT = proxied("shop/checkout", "10.96.90.3", addresses(3, 20, 5), (8443, 8443), port_name="https")
SESSION = proxied("shop/session", "10.96.5.61", addresses(2, 60, 3), affinity_s=10_800)
REVIEWS = proxied("shop/reviews", "10.96.33.18", addresses(3, 50, 2))
WISHES = proxied("shop/wishlist", "10.96.33.19", ())
GATEWAYS = proxied("payments/gateway", "10.96.140.9", addresses(4, 40, 3), (443, 8443), port_name="https")
ORDERS = proxied("data/orders-db", "10.96.201.5", addresses(4, 70, 3), (5432, 5432), port_name="postgres")
CACHE = proxied("data/cache", "10.96.201.6", addresses(3, 70, 3), (6379, 6379), port_name="redis")
DNS = proxied("kube-system/kube-dns", "10.96.0.10", addresses(2, 3, 2), (53, 53), port_name="dns-tcp")
METRICS = proxied("monitoring/prometheus", "10.96.66.2", addresses(4, 90, 2), (9090, 9090), port_name="web")
EDGE = proxied(
    "edge/traefik", "10.96.8.8", addresses(2, 80, 2), (443, 8443), port_name="websecure", node_port=31443, load_balancer_vips=("203.0.113.10",)
)  # fmt: skip
SERVICES = [
    CART,
    CATALOG,
    SEARCH,
    CHECKOUT,
    SESSION,
    REVIEWS,
    WISHES,
    GATEWAYS,
    ORDERS,
    CACHE,
    DNS,
    METRICS,
    EDGE,
]
#: Short connections of one request in a day; those of SESSION and the long ones are below.
SHORT_CONNECTIONS = [
    (CART, 11_000), (CATALOG, 14_000), (SEARCH, 6_000), (CHECKOUT, 2_400), (GATEWAYS, 3_600), (METRICS, 30), (EDGE, 900), (DNS, 500)
]  # fmt: skip
#: Connections that stay: pods, connections of each, requests over each.
LONG_CONNECTIONS = [(ORDERS, 8, 1, 40), (CACHE, 40, 1, 25)]


def sort_key(port):
    return port.service_port[:4]


def destination(port):
    return f"{port.service_port.cluster_ip}:{port.service_port.port}"


def changed_by_hand(rules):
    """Somebody wrote the same probability into both rules of payments/gateway: 1/3, 2/9 and 4/9 instead of thirds."""
    second = f"payments/gateway:https -> {where(GATEWAYS)[1]}"
    changed = re.sub(rf'("{second}" .*--probability) \S+', r"\1 0.3333333333", rules)
    assert changed != rules
    return changed


def visits(rng):
    """The day's connections: client, destination, requests, whether it stays open."""
    found = [
        (rng.choice(PODS), destination(port), 1, False)
        for port, count in SHORT_CONNECTIONS
        for _ in range(count)
    ]
    found += [(PODS[0], "203.0.113.10:443", 1, False)] * 300
    found += [(rng.choice([GATEWAY] * 9 + PODS[:12]), destination(SESSION), 1, False) for _ in range(2_500)]
    rng.shuffle(found)
    long = [
        (pod, destination(port), n_requests, True)
        for port, n_pods, each, n_requests in LONG_CONNECTIONS
        for pod in PODS[:n_pods] * each
    ]
    return [*long, *found]


def without_dates(text):
    return re.sub(r"^(# .*) on \w{3} \w{3} .*$", r"\1", text, flags=re.MULTILINE)


def answers_table(*phases):
    """What each endpoint answered in the whole day, as its clients saw it."""
    rows = ["service,endpoint,connections,requests"]
    for port in sorted(SERVICES, key=sort_key):
        to = {destination(port), *(f"{vip}:443" for vip in port.service_port.load_balancer_vips)}
        for endpoint in where(port):
            numbers = (
                sum(phase[kind].get(at, {}).get(endpoint, 0) for phase in phases for at in to)
                for kind in ("connections", "requests")
            )
            rows.append(",".join([port.service_port.full_name, endpoint, *map(str, numbers)]))
    return "\n".join([*rows, ""])


def write(path, text):
    data = text.encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def record(folder):
    """Write the saves, conntrack's list and what the endpoints themselves answered."""
    proxier = IptablesProxier(SETTINGS)
    before = sorted([SEARCH_BEFORE if port is SEARCH else port for port in SERVICES], key=sort_key)
    proxier.sync(tuple(before))
    rules = changed_by_hand(proxier.save())
    scaled = proxier.sync(tuple(sorted(SERVICES, key=sort_key)), changed=["shop/search"], after_s=3600.0)
    day = visits(random.Random(2026))
    cut = int(len(day) * MORNING)
    live = [endpoint for port in SERVICES for endpoint in where(port) if not endpoint.startswith(f"{DEAD}:")]
    earlier, later = traffic(
        rules, [day[:cut], day[cut:]], live=live, dead=[DEAD], settings=SHORT, restores=["", scaled]
    )
    write(folder / "node-earlier.save", without_dates(earlier["counters"]))
    write(folder / "003-node-after-a-day.rules", HEAD + without_dates(later["counters"]))
    write(folder / "node-conntrack.txt.gz", later["conntrack"])
    write(folder / "node-answers.csv", answers_table(earlier, later))


if __name__ == "__main__":
    record(Path(sys.argv[1]))
