"""Plain-Python twins of the forecast's kernels: event by event on the plain allocators, with the same random numbers."""

from itertools import pairwise
from math import floor

from kubenetlab.ipam.calico_blocks import CalicoIpam, CalicoIpamError, IpPool
from kubenetlab.ipam.forecast import _kernels_blocks as kernels
from kubenetlab.ipam.node_cidrs import NodeCidrSet, PoolExhaustedError
from kubenetlab.ipam.vpc_subnets import VpcSubnet


def draw_pods(rng, targets, survival, updates_per_day, n_pods):
    """Pods, arrivals, departures and updates of each day but the first."""
    rows = []
    for before, target in pairwise(targets):
        ended = rng.binomial(n_pods, 1.0 - min(survival, target / before))
        started = rng.poisson(max(0.0, target - before * survival))
        n_pods = n_pods - ended + started
        rows.append((n_pods, started, ended, rng.poisson(updates_per_day)))
    return rows


def pick(rng, items):
    return items[floor(rng.random() * len(items))]


class DrawnPool(IpPool):
    """A pool in which every host's walk starts where it was drawn, in place of the hash of its name."""

    def __init__(self, *args):
        super().__init__(*args)
        self.starts = {}

    def first_block_index(self, host):
        return self.starts[host]


class Calico(CalicoIpam):
    """Counts its blocks."""

    @property
    def n_blocks(self):
        return len(self._blocks)


class Pod:
    def __init__(self, node, address):
        self.node, self.address = node, address


class CalicoCluster:
    """Nodes and pods on CalicoIpam; every pod and node is an object, every event a call."""

    def __init__(self, rng, pools, *, strict, max_pods):
        self.rng, self.max_pods = rng, max_pods
        self.pools = [DrawnPool(*pool) for pool in pools]
        self.ipam = Calico(self.pools, strict_affinity=strict)
        self.nodes, self.pods, self.pods_of, self.tunnels = [], [], {}, {}
        self.n_joined, self.n_pending, self.refusal = 0, 0, None
        self.peak = (0, 0)
        self.size = sum(pool.network.size for pool in self.pools)

    def assign(self, node):
        try:
            address = self.ipam.assign(node)
        except CalicoIpamError as error:
            is_host_limit = "per host block limit" in str(error)
            code = kernels.HOST_LIMIT if is_host_limit else kernels.NO_BLOCK
            self.refusal = self.refusal or (code, self.size - self.ipam.n_assigned)
            return None
        self.peak = (max(self.peak[0], self.ipam.n_blocks), max(self.peak[1], self.ipam.n_assigned))
        return address

    def join(self):
        node = f"n{self.n_joined}"
        self.n_joined += 1
        self.nodes.append(node)
        self.pods_of[node] = []
        for pool in self.pools:
            pool.starts[node] = floor(self.rng.random() * pool.n_blocks)
        self.tunnels[node] = self.assign(node)

    def leave(self, node):
        for pod in reversed(self.pods_of[node].copy()):
            self.end(pod)
            self.n_pending += 1
        if self.tunnels[node] is not None:
            self.ipam.release(self.tunnels[node])
        self.ipam.release_affinity(node)
        take_out(self.nodes, node)

    def end(self, pod):
        self.ipam.release(pod.address)
        take_out(self.pods_of[pod.node], pod)
        take_out(self.pods, pod)

    def end_some(self, n_pods):
        for _ in range(n_pods):
            place = floor(self.rng.random() * (len(self.pods) + self.n_pending))
            if place < len(self.pods):
                self.end(self.pods[place])
            else:
                self.n_pending -= 1

    def start(self, n_more=0):
        waiting, self.n_pending = self.n_pending + n_more, 0
        while waiting and self.nodes and self.n_pending < 8 and len(self.pods) < self.size:
            one, other = pick(self.rng, self.nodes), pick(self.rng, self.nodes)
            node = min(one, other, key=lambda node: len(self.pods_of[node]))
            waiting -= 1
            is_full = len(self.pods_of[node]) >= self.max_pods
            address = None if is_full else self.assign(node)
            if address is None:
                self.n_pending += 1
                continue
            pod = Pod(node, address)
            self.pods.append(pod)
            self.pods_of[node].append(pod)
        self.n_pending += waiting

    def update(self, workload, surge):
        self.start(surge)
        left = workload - surge
        while left > 0:
            at_once = min(max(surge, 1), left)
            self.end_some(at_once)
            self.start(at_once)
            left -= at_once
        self.end_some(surge)

    def replace(self, old):
        for _ in old:
            self.join()
        for node in old:
            self.leave(node)
        self.start()

    def play_day(self, event, max_nodes, max_surge):
        self.peak = (self.ipam.n_blocks, self.ipam.n_assigned)
        wanted = min(event[kernels.NODES], max_nodes)
        while len(self.nodes) < wanted:
            self.join()
        self.end_some(event[kernels.DEPARTURES])
        self.start(event[kernels.ARRIVALS])
        for _ in range(event[kernels.UPDATES]):
            self.update(event[kernels.WORKLOAD], event[kernels.SURGE])
        while len(self.nodes) > wanted:
            self.leave(min(self.nodes, key=lambda node: len(self.pods_of[node])))
            self.start()
        for _ in range(event[kernels.REPLACED]):
            if len(self.nodes) < max_nodes:
                self.replace([pick(self.rng, self.nodes)])
        at_once = min(max_surge, max_nodes - len(self.nodes))
        if event[kernels.UPGRADED] and at_once > 0:
            old = self.nodes.copy()
            for start in range(0, len(old), at_once):
                self.replace(old[start : start + at_once])


def take_out(items, item):
    """Remove an item; the last one takes its place."""
    items[items.index(item)] = items[-1]
    items.pop()


def play_blocks(cluster, events, max_nodes, max_surge):
    """Blocks and addresses in use by day, and the first day of a refusal."""
    use, first_day = [], -1
    for day, event in enumerate(events.tolist()):
        cluster.play_day(event, max_nodes, max_surge)
        use.append(cluster.peak)
        if first_day < 0 and cluster.refusal:
            first_day = day
    return use, first_day


class NodeCidrCluster:
    """Nodes that take and release their CIDRs one by one."""

    def __init__(self, node_cidrs: NodeCidrSet, on_join=lambda node_cidr: None):
        self.node_cidrs, self.on_join, self.held = node_cidrs, on_join, []

    def join(self):
        self.held.append(self.node_cidrs.allocate())
        self.on_join(self.held[-1])

    def replace_oldest(self, at_once):
        for _ in range(at_once):
            self.join()
        for _ in range(at_once):
            self.node_cidrs.release(self.held.pop(0))

    def play_day(self, event, max_surge):
        while len(self.held) < event[kernels.NODES]:
            self.join()
        while len(self.held) > event[kernels.NODES]:
            self.node_cidrs.release(self.held.pop())
        for _ in range(event[kernels.REPLACED]):
            self.replace_oldest(1)
        n_old = len(self.held) if event[kernels.UPGRADED] and max_surge else 0
        while n_old > 0:
            self.replace_oldest(min(max_surge, n_old))
            n_old -= max_surge


def first_day_without_node_cidr(events, cluster):
    """The first day on which a node gets no CIDR."""
    for day, event in enumerate(events.days.tolist()):
        try:
            cluster.play_day(event, events.max_surge)
        except PoolExhaustedError:
            return day
    return -1


class PrefixNode:
    def __init__(self, primary):
        self.primaries, self.prefixes = [primary], []


class PrefixCluster:
    """Nodes with prefixes in one VpcSubnet; every address and prefix is taken and released there."""

    def __init__(self, rng, subnet: VpcSubnet, wanted, slots):
        self.rng, self.subnet, self.wanted, self.slots = rng, subnet, wanted, slots
        self.nodes, self.refusal = [], None
        self.first, self.n_blocks = subnet.network.first, subnet.network.size // 16

    def n_used(self, block):
        return self.subnet._used[block * 16 : block * 16 + 16].count(1)

    def note(self, code):
        self.refusal = self.refusal or (code, self.subnet.n_free)

    def take_single(self):
        if self.subnet.n_free == 0:
            return None
        tries = (floor(self.rng.random() * (self.n_blocks * 16)) for _ in range(64))
        block = next((a // 16 for a in tries if a % 16 >= self.n_used(a // 16)), None)
        if block is None:
            start = floor(self.rng.random() * self.n_blocks)
            order = [*range(start, self.n_blocks), *range(start)]
            block = next(block for block in order if self.n_used(block) < 16)
        address = next(a for a in self.subnet.network[block * 16 : block * 16 + 16] if self.is_free(a))
        self.subnet.take(address)
        return address

    def is_free(self, address):
        return not self.subnet._used[int(address) - self.first]

    def take_prefix(self):
        if self.subnet.n_free_prefixes == 0:
            return None
        start = floor(self.rng.random() * self.n_blocks)
        order = [*range(start, self.n_blocks), *range(start)]
        block = next(block for block in order if self.n_used(block) == 0)
        prefix = f"{self.subnet.network[block * 16]}/28"
        self.subnet.take(prefix)
        return prefix

    def join(self):
        primary = self.take_single()
        if primary is None:
            self.note(-1)
            return False
        self.nodes.append(PrefixNode(primary))
        return True

    def leave(self, place):
        node = self.nodes.pop(place)
        self.subnet.release(*node.primaries, *node.prefixes)

    def grow(self, node, n_pods):
        while len(node.prefixes) < self.wanted[min(n_pods, len(self.wanted) - 1)]:
            code, got = -1, True
            if len(node.prefixes) == len(node.primaries) * self.slots:
                got = self.take_single()
                if got:
                    node.primaries.append(got)
            if got:
                code, got = -2, self.take_prefix()
            if not got:
                if len(node.prefixes) * 16 < min(n_pods, len(self.wanted) - 1):
                    self.note(code)
                return
            node.prefixes.append(got)

    def grow_all(self, n_pods):
        for place, node in enumerate(self.nodes):
            self.grow(node, n_pods // len(self.nodes) + (place < n_pods % len(self.nodes)))


def replace_oldest(cluster, n_leaving, surge, n_pods):
    """Yield the free addresses after every step."""
    while n_leaving > 0:
        n_joined = 0
        while n_joined < min(surge, n_leaving) and cluster.join():
            n_joined += 1
        yield cluster.subnet.n_free
        if not n_joined:
            return
        for _ in range(n_joined):
            cluster.leave(0)
        cluster.grow_all(n_pods)
        yield cluster.subnet.n_free
        n_leaving -= n_joined


def play_prefixes(cluster, load, surges):
    """Addresses at most in use by day, counted after every step, and the first day of a refusal."""
    use, first_day = [], -1
    for day, (n_nodes, n_pods, n_leaving) in enumerate(load.tolist()):
        free = [cluster.subnet.n_free]
        while len(cluster.nodes) < n_nodes and cluster.join():
            pass
        cluster.grow_all(n_pods)
        free.append(cluster.subnet.n_free)
        while len(cluster.nodes) > n_nodes:
            cluster.leave(len(cluster.nodes) - 1)
        free.extend(replace_oldest(cluster, n_leaving, surges[day], n_pods))
        use.append(cluster.subnet.network.size - min(free))
        if first_day < 0 and cluster.refusal:
            first_day = day
    return use, first_day
