"""What an EC2 instance type allows a node: network interfaces, addresses, prefixes, virtual processors."""

from typing import NamedTuple


class InstanceType(NamedTuple):
    """What an EC2 instance type allows.

    Attributes
    ----------
    enis, ips_per_eni
        Network interfaces, and IPv4 addresses of each, the primary included.
    vcpus
        Virtual processors; None where they are not known.
    supports_prefixes
        Whether an interface can have prefixes: Nitro instances and bare metal, not Xen.
    """

    enis: int
    ips_per_eni: int
    vcpus: int | None = None
    supports_prefixes: bool = True

    @property
    def slots_per_eni(self) -> int:
        """Places of an interface for a secondary address or a prefix."""
        return self.ips_per_eni - 1
