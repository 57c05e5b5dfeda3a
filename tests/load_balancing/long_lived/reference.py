"""The simulator of long-lived connections in plain Python: one heap of all that will happen, dicts and lists."""

from collections import Counter, defaultdict
from heapq import heappop, heappush
from itertools import count, cycle, islice
from math import exp, inf

import numpy as np

from kubenetlab.load_balancing.long_lived import _kernels as kernels
from kubenetlab.load_balancing.long_lived.choosers import CHOOSERS
from kubenetlab.load_balancing.paths.maglev import maglev_table

END, ARRIVAL, SAMPLE, MEASURE, CHANGE = range(5)
WEIGHT = 1  # kube-proxy's


def least(cost):
    return lambda walk, active, inactive: min(walk, key=lambda e: cost(active(e), inactive(e)))


#: Linux's rules of ipvs that look at connections, each as its own file has it: the list, active and inactive connections.
sed = least(lambda active, _: (active + 1) / WEIGHT)
IPVS = {
    "ipvs, lc": least(lambda active, inactive: (active << 8) + inactive),
    "ipvs, wlc": least(lambda active, inactive: ((active << 8) + inactive) / WEIGHT),
    "ipvs, sed": sed,
    "ipvs, nq": lambda walk, active, inactive: next(
        (e for e in walk if not active(e)), sed(walk, active, inactive)
    ),
}


class Connection:
    """One connection, its client, and when its session ends."""

    def __init__(self, client, until, slot):
        self.client, self.until, self.slot = client, until, slot


class Simulation:
    """All that happens, in order; what is at the same moment in the order of the constants above, then of slots."""

    def __init__(self, load, chooser, seed, index):
        self.load, self.chooser = load, chooser
        children = np.random.SeedSequence(seed, spawn_key=(index,)).spawn(2)
        self.sessions, self.choices = map(np.random.default_rng, children)
        self.serials, self.heap = count(), []
        self.slots, self.free = count(), []
        self.live = list(range(load.n_endpoints))
        self.open_on = defaultdict(dict)
        self.loads = defaultdict(Counter)
        self.stays, self.samples = [], []
        self.opened, self.totals, self.before = Counter(), Counter(), Counter()
        comers = [change for change in load.changes if change.deed == "in"]
        self.n_known = load.n_endpoints + len(comers)
        self.prepare_lists(Counter(change.time_s for change in comers))
        if load.is_closed:
            for client in range(load.n_clients):
                self.plan(0.0, ARRIVAL, client)
        else:
            self.plan(self.gap(), ARRIVAL, None)
        for time_s in np.linspace(0, load.duration_s, load.n_samples + 1)[1:].tolist():
            self.plan(time_s, SAMPLE, None)
        self.plan(load.warm_up_s, MEASURE, None)
        for time_s in sorted({change.time_s for change in load.changes}):
            self.plan(time_s, CHANGE, [change for change in load.changes if change.time_s == time_s])

    def plan(self, time_s, what, about, slot=0):
        if time_s <= self.load.duration_s:
            heappush(self.heap, (time_s, what, slot, next(self.serials), about))

    def take_slot(self):
        """A slot of the table of connections: the one that was free last, else a new one."""
        return self.free.pop() if self.free else next(self.slots)

    def gap(self):
        return 1 / self.load.arrival_rate_per_s * self.sessions.standard_exponential()

    def lifetime(self):
        mean, shape, draw = self.load.mean_lifetime_s, self.load.shape, self.sessions
        match self.load.lifetime:
            case "exponential":
                return mean * draw.standard_exponential()
            case "lognormal":
                return mean * exp(-shape * shape / 2) * exp(shape * draw.standard_normal())
            case "pareto":
                return mean * ((shape - 1) / shape) * exp(draw.standard_exponential() / shape)
        return mean

    def keeper(self, client):
        return {kernels.NODE: client % self.load.n_nodes, kernels.CLIENT: client}.get(self.chooser.keeper, 0)

    def prepare_lists(self, n_coming_at):
        is_own = self.chooser.keeper == kernels.NODE
        n_lists = self.load.n_nodes if is_own else 1
        parts, begin = [], 0
        for n in [self.load.n_endpoints, *(n_coming_at[time] for time in sorted(n_coming_at))]:
            part = np.tile(np.arange(begin, begin + n, dtype=np.int32), (n_lists, 1))
            parts.append(self.choices.permuted(part, axis=1) if is_own else part)
            begin += n
        self.lists = [
            [endpoint for part in (parts[::-1] if is_own else parts) for endpoint in part[row].tolist()]
            for row in range(n_lists)
        ]
        self.latest = {}
        if self.chooser.table_size == 256:
            self.hashes = self.choices.integers(256, size=self.load.n_clients).tolist()
        self.endpoints_changed()

    def endpoints_changed(self):
        if not self.live:
            return
        self.table = self.live
        if self.chooser.table_size == 256:
            buckets = list(islice(cycle(self.live), 256))
            self.table = [buckets[bucket] for bucket in self.hashes]
        elif self.chooser.table_size:
            names = [f"[10.{e // 65536}.{e // 256 % 256}.{e % 256}:80/TCP,State:active]" for e in self.live]
            numbers = maglev_table(dict.fromkeys(names, 1), self.chooser.table_size).tolist()
            self.table = [self.live[number] for number in numbers]
        elif self.chooser is CHOOSERS["pick-first"]:
            self.table = [self.live[0]] * self.load.n_clients
        if self.chooser.keeper == kernels.CLIENT:
            places = self.choices.integers(len(self.live), size=self.load.n_clients).tolist()
            self.latest = {client: self.live[place] for client, place in enumerate(places)}

    def one_of(self, sequence):
        return sequence[int(self.choices.random() * len(sequence))]

    def choose(self, client):
        keeper = self.keeper(client)
        walk = self.lists[keeper if len(self.lists) > 1 else 0]
        loads = self.loads[keeper].__getitem__
        if rule := IPVS.get(self.chooser.used_by):
            counts = {e: self.n_active(e, keeper) for e in self.live}
            rest = {e: loads(e) - 256 * counts[e] for e in self.live}
            return rule([e for e in walk if e in self.live], counts.get, rest.get)
        match self.chooser.rule:
            case kernels.DRAWN:
                chosen = self.one_of(self.table)
            case kernels.BY_CLIENT:
                chosen = self.table[client]
            case kernels.LEAST:
                chosen = min((e for e in walk if e in self.live), key=loads)
            case kernels.TWO_CHOICES:
                chosen = min([self.one_of(self.live), self.one_of(self.live)], key=loads)
            case kernels.ROUND_ROBIN:
                after = walk.index(self.latest[keeper]) + 1 if keeper in self.latest else 0
                chosen = next(e for e in walk[after:] + walk[:after] if e in self.live)
                self.latest[keeper] = chosen
        return chosen

    def n_active(self, endpoint, keeper):
        return sum(self.keeper(connection.client) == keeper for connection in self.open_on[endpoint].values())

    def connect(self, connection, now):
        if not self.live:
            self.totals["refused"] += 1
            self.free.append(connection.slot)
            return
        endpoint = connection.endpoint = self.choose(connection.client)
        connection.end, connection.since = connection.until, now
        if self.load.max_age_s < inf:
            jitter = self.load.max_age_jitter * (2 * self.sessions.random() - 1)
            connection.end = min(connection.end, now + self.load.max_age_s * (1 + jitter))
        connection.serial = next(self.serials)
        heappush(self.heap, (connection.end, END, connection.slot, connection.serial, connection))
        self.open_on[endpoint][connection.serial] = connection
        self.loads[self.keeper(connection.client)][endpoint] += 256
        self.opened[endpoint] += 1
        self.totals["opened"] += 1

    def disconnect(self, connection, now):
        del self.open_on[connection.endpoint][connection.serial]
        connection.serial = None
        self.stays.append((connection.endpoint, connection.since, now))
        loads = self.loads[self.keeper(connection.client)]
        loads[connection.endpoint] -= 256
        self.totals["ended"] += 1
        if self.chooser.counts_inactive and self.load.inactive_s:
            loads[connection.endpoint] += 1
            rest = self.take_slot()
            self.plan(now + self.load.inactive_s, END, (loads, connection.endpoint, rest), rest)

    def come_back(self, connection, now):
        self.disconnect(connection, now)
        self.totals["reconnects"] += 1
        self.connect(connection, now)

    def at_end(self, now, serial, about):
        if isinstance(about, tuple):
            loads, endpoint, slot = about
            loads[endpoint] -= 1
            self.free.append(slot)
        elif serial != about.serial:
            pass  # it was cut before
        elif about.until > now:
            self.come_back(about, now)
        elif self.load.is_closed:
            about.until = now + self.lifetime()
            self.disconnect(about, now)
            self.connect(about, now)
        else:
            self.disconnect(about, now)
            self.free.append(about.slot)

    def at_arrival(self, now, client):
        if client is None:
            client = int(self.sessions.random() * self.load.n_clients)
            self.plan(now + self.gap(), ARRIVAL, None)
        self.connect(Connection(client, now + self.lifetime(), self.take_slot()), now)

    def at_change(self, now, changes):
        for change in changes:
            if change.deed == "in":
                self.live.append(change.endpoint)
            elif change.deed == "out":
                self.live.remove(change.endpoint)
        if any(change.deed != "cut" for change in changes):
            self.endpoints_changed()
        gone = [c.endpoint for c in changes if c.deed == "cut"]
        broken = [connection for endpoint in gone for connection in self.open_on[endpoint].values()]
        self.totals["cut"] += len(broken)
        for connection in sorted(broken, key=lambda connection: connection.slot):
            self.come_back(connection, now)

    def begin_to_measure(self, now):
        self.opened.clear()
        self.before = self.totals.copy()

    def run(self):
        while self.heap and self.heap[0][0] <= self.load.duration_s:
            now, what, _, serial, about = heappop(self.heap)
            if what == END:
                self.at_end(now, serial, about)
            elif what == ARRIVAL:
                self.at_arrival(now, about)
            elif what == SAMPLE:
                self.samples.append([len(self.open_on[e]) for e in range(self.n_known)])
            elif what == MEASURE:
                self.begin_to_measure(now)
            else:
                self.at_change(now, about)
        return self

    def mean(self, endpoint):
        """Open connections of an endpoint, mean over the time that is measured."""
        end, begin = self.load.duration_s, self.load.warm_up_s
        open_now = [(c.endpoint, c.since, end) for there in self.open_on.values() for c in there.values()]
        stays = [max(0, out - max(since, begin)) for e, since, out in self.stays + open_now if e == endpoint]
        return sum(stays) / (end - begin)
