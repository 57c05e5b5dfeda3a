"""How many network interfaces and addresses an EC2 instance type has.

Source: amazon-vpc-cni-k8s 01d744a, misc/eni-max-pods.txt and pkg/vpc/vpc_ip_resource_limit.go (hypervisor, network
cards); vCPUs by the size, as Amazon's pages list them. Basis: *docs*. Of several network cards only the first counts,
as the AWS VPC CNI uses it. `kubenetlab.readers.instance_types` reads the types that are not listed here.
"""

from collections.abc import Iterator

from kubenetlab.objects.instance_type import InstanceType

__all__ = ["INSTANCE_TYPES", "InstanceType"]

#: Most families have the same numbers for a size.
_SIZES = {
    "medium": InstanceType(2, 4, 1),
    "large": InstanceType(3, 10, 2),
    "xlarge": InstanceType(4, 15, 4),
    "2xlarge": InstanceType(4, 15, 8),
    "4xlarge": InstanceType(8, 30, 16),
    "8xlarge": InstanceType(8, 30, 32),
    "12xlarge": InstanceType(8, 30, 48),
    "16xlarge": InstanceType(15, 50, 64),
    "24xlarge": InstanceType(15, 50, 96),
}
_FAMILIES = {
    ("medium", "16xlarge"): ("c6g", "c7g", "m6g", "m7g", "r6g", "r7g"),
    ("medium", "24xlarge"): ("c7a", "c8g", "m7a", "m8g", "r7a", "r8g"),
    ("large", "24xlarge"): (
        *("c6a", "c6i", "c7i", "m5", "m5a", "m5d", "m6a", "m6i", "m7i"),
        *("r5", "r5a", "r5d", "r6a", "r6i", "r7i"),
    ),
    ("large", "4xlarge"): ("c5", "c5d"),
    ("12xlarge", "12xlarge"): ("c5", "c5d"),
    ("24xlarge", "24xlarge"): ("c5", "c5d"),
}


def _of_families() -> Iterator[tuple[str, InstanceType]]:
    names = list(_SIZES)
    for (first, last), families in _FAMILIES.items():
        for size in names[names.index(first) : names.index(last) + 1]:
            yield from ((f"{family}.{size}", _SIZES[size]) for family in families)


#: Commonly used types; `aws ec2 describe-instance-types` has the others.
INSTANCE_TYPES: dict[str, InstanceType] = dict(_of_families()) | {
    "a1.medium": InstanceType(2, 4, 1),
    "c5n.18xlarge": InstanceType(15, 50, 72),
    "m4.large": InstanceType(2, 10, 2, supports_prefixes=False),
    "m6i.32xlarge": InstanceType(15, 50, 128),
    "p3dn.24xlarge": InstanceType(15, 50, 96),
    "p4d.24xlarge": InstanceType(15, 50, 96),
    "p5.48xlarge": InstanceType(2, 50, 192),
    "t2.micro": InstanceType(2, 2, 1, supports_prefixes=False),
    "t3.nano": InstanceType(2, 2, 2),
    "t3.micro": InstanceType(2, 2, 2),
    "t3.small": InstanceType(3, 4, 2),
    "t3.medium": InstanceType(3, 6, 2),
    "t3.large": InstanceType(3, 12, 2),
    "t3.xlarge": InstanceType(4, 15, 4),
    "t3.2xlarge": InstanceType(4, 15, 8),
}
