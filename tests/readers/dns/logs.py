"""Lines of CoreDNS' query log, made up: ``python -m tests.readers.dns.logs`` prints data/dns/001-shop-queries.log."""

import random
from datetime import UTC, datetime, timedelta

SHOP_NAMES = (  # what the pods of the sample cluster look up: client, namespace, name, number of candidates until the answer
    ("192.168.232.65", "shop", "catalog", 1),
    ("192.168.232.65", "shop", "redis.data", 2),
    ("192.168.254.131", "shop", "catalog", 1),
    ("192.168.254.136", "payments", "api.bank.example", 4),
    ("192.168.254.136", "payments", "postgres.data.svc.cluster.local.", 0),
)
HEAD = ".:53\n[INFO] plugin/reload: Running configuration SHA512 = 0123\nCoreDNS-1.13.1\nlinux/amd64, go1.25.2, 1f2e3d4\n"


def candidates(name, namespace, domain="cluster.local"):
    """The names that a search list of Kubernetes makes of one."""
    if name.endswith("."):
        return [name]
    return [f"{name}.{namespace}.svc.{domain}.", f"{name}.svc.{domain}.", f"{name}.{domain}.", f"{name}."]


def line(client, name, type_="A", rcode="NOERROR", **shown):
    """One line in the common log format; ``shown``: port, number, prefix, took."""
    shown = {"port": 40000, "number": 7, "prefix": "[INFO] ", "took": "0.000123456s", **shown}
    host = f"{shown['prefix']}[{client}]" if ":" in client else f"{shown['prefix']}{client}"
    asked = f'{host}:{shown["port"]} - {shown["number"]} "{type_} IN {name} udp 48 false 512"'
    return f"{asked} {rcode} qr,aa,rd 94 {shown['took']}"


def lookup_lines(looked_up, at, rng):
    """The lines of one lookup of A and AAAA; all candidates but the last are NXDOMAIN."""
    client, namespace, name, n_candidates = looked_up
    asked = candidates(name, namespace)[: n_candidates or 1]
    prefix = f"[pod/coredns-5d78c9869d-8hx2v/coredns] {at.isoformat(timespec='milliseconds')[:-6]}Z [INFO] "
    for candidate in asked:
        port = rng.randrange(32768, 61000)
        for type_ in ("A", "AAAA"):
            rcode = "NOERROR" if candidate == asked[-1] else "NXDOMAIN"
            took = f"{rng.uniform(0.0001, 0.002 if candidate.endswith('local.') else 0.02):.9f}s"
            number = rng.randrange(65536)
            yield line(client, candidate, type_, rcode, port=port, number=number, prefix=prefix, took=took)


def shop_log():
    """A minute of the sample cluster's queries."""
    rng = random.Random(2026)
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    lines = []
    for _ in range(40):
        lines += lookup_lines(rng.choice(SHOP_NAMES), at, rng)
        at += timedelta(milliseconds=rng.randrange(500, 2500))
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(shop_log(), end="")
