"""Session affinity in plain Python, written from xt_recent.c, nft_dynset.c and ip_vs_core.c: a dict for each endpoint."""

from collections import OrderedDict

FULL = {"iptables": 100, "nftables": 65_535, "ipvs": float("inf"), "none": 0}


class Node:
    """The rules of one Service port on one node; ``lists`` holds client: time of its last connection, oldest first."""

    def __init__(self, mode, n_endpoints, timeout_s, capacity=None):
        self.mode, self.timeout_s = mode, timeout_s
        self.capacity = FULL[mode] if capacity is None else capacity
        self.lists = {endpoint: OrderedDict() for endpoint in range(n_endpoints)}
        self.turn = 0

    def has_expired(self, stamp, now):
        age = now - stamp
        return age > self.timeout_s if self.mode == "iptables" else age >= self.timeout_s

    def asked(self, client, now):
        """The endpoint of the first rule that matches, or None."""
        if self.mode != "iptables":  # a timer removes what has expired
            for entries in self.lists.values():
                for key in [key for key, stamp in entries.items() if self.has_expired(stamp, now)]:
                    del entries[key]
        return next((e for e in sorted(self.lists) if self.matches(self.lists[e], client, now)), None)

    def matches(self, entries, client, now):
        if self.mode != "iptables" or client not in entries:
            return client in entries
        is_match = not self.has_expired(entries[client], now)
        oldest = next(iter(entries))
        if self.has_expired(entries[oldest], now):  # --reap
            del entries[oldest]
        return is_match

    def record(self, endpoint, client, now):
        """The rule in the endpoint's chain."""
        entries = self.lists[endpoint]
        if client not in entries and len(entries) >= self.capacity:
            if self.mode != "iptables":
                return
            entries.popitem(last=False)
        entries[client] = now
        entries.move_to_end(client)

    def drawn(self, rng):
        up = sorted(self.lists)
        if self.mode == "ipvs":
            self.turn += 1
            return up[(self.turn - 1) % len(up)]
        return up[int(rng.random() * len(up))]


def choices(node, story, rng, taken=None):
    """(endpoint, bond) of each connection; -1 for none."""
    clients, times_s, changes = story.clients.tolist(), story.times_s.tolist(), story.changes
    first_changes = {}
    for _, endpoint, comes in changes:
        first_changes.setdefault(endpoint, comes)
    for endpoint in [endpoint for endpoint, comes in first_changes.items() if comes]:
        del node.lists[endpoint]
    waiting, answers = list(changes), []
    for number, (client, now) in enumerate(zip(clients, times_s, strict=True)):
        while waiting and waiting[0][0] <= now:
            _, endpoint, comes = waiting.pop(0)
            node.lists.pop(endpoint, None)
            if comes:
                node.lists[endpoint] = OrderedDict()
        if not node.lists:
            answers.append((-1, -1))
            continue
        bond = node.asked(client, now)
        endpoint = node.drawn(rng) if bond is None and taken is None else bond
        endpoint = endpoint if taken is None else taken[number]
        node.record(endpoint, client, now)
        answers.append((endpoint, -1 if bond is None else bond))
    return answers
