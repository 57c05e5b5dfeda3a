"""Plain-Python twin of kubenetlab.ipam.node_cidrs: a set of networks and the standard library's ipaddress."""

import ipaddress


class NodeCidrSet:
    def __init__(self, cluster_cidr, node_cidr_mask_size):
        self.blocks = list(ipaddress.ip_network(cluster_cidr).subnets(new_prefix=node_cidr_mask_size))
        self.used = set()
        self.cursor = 0

    def allocate(self):
        free = [
            block
            for block in self.blocks[self.cursor :] + self.blocks[: self.cursor]
            if block not in self.used
        ]
        if not free:
            return None
        self.used.add(free[0])
        self.cursor = (self.blocks.index(free[0]) + 1) % len(self.blocks)
        return str(free[0])

    def occupy(self, cidr):
        self.used |= self._touched(cidr)

    def release(self, cidr):
        self.used -= self._touched(cidr)

    def _touched(self, cidr):
        return {block for block in self.blocks if block.overlaps(ipaddress.ip_network(cidr))}
