import pytest

from kubenetlab.ipam.aws_vpc_cni import max_pods, recommended_max_pods
from kubenetlab.ipam.instance_types import INSTANCE_TYPES

# amazon-vpc-cni-k8s 01d744a, misc/eni-max-pods.txt (the third column: with custom networking; t3: b521883), docs of
# prefix delegation, and amazon-eks-ami, max-pods-calculator.sh: pods, with custom networking, with prefixes, recommended.
ROWS = [
    ("t3.nano", 4, 3, 34, 34),
    ("t3.micro", 4, 3, 34, 34),
    ("t3.small", 11, 8, 146, 110),
    ("t3.medium", 17, 12, 242, 110),
    ("t3.large", 35, 24, 530, 110),
    *((name, 29, 20, 434, 110) for name in ("m5.large", "c5.large", "r5.large", "m6i.large", "m7g.large")),
    *((name, 58, 44, 898, 110) for name in ("m5.xlarge", "m6i.xlarge", "t3.xlarge", "t3.2xlarge", "c7g.2xlarge")),
    *((name, 234, 205, 3714, 110) for name in ("m5.4xlarge", "m6i.4xlarge", "c5.4xlarge")),
    *((name, 234, 205, 3714, 250) for name in ("m6a.8xlarge", "m7i.12xlarge", "c5.12xlarge", "r7g.12xlarge")),
    *((name, 737, 688, 11_762, 250) for name in ("m5.24xlarge", "m6i.32xlarge", "c5n.18xlarge", "p4d.24xlarge")),
    *((name, 737, 688, 11_762, 250) for name in ("p3dn.24xlarge", "m8g.16xlarge", "c5.24xlarge", "r6i.24xlarge")),
    ("p5.48xlarge", 100, 51, 1570, 250),
    *((name, 8, 5, 98, 98) for name in ("m7g.medium", "a1.medium", "c7a.medium")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "pods", "custom", "with_prefixes", "recommended"), ROWS)
def test_instance_types__pods_of_the_documented_table(name, pods, custom, with_prefixes, recommended):
    instance = INSTANCE_TYPES[name]

    found = (
        max_pods(instance),
        max_pods(instance, custom_networking=True),
        max_pods(instance, prefix_delegation=True),
    )

    assert (*found, recommended_max_pods(found[2], instance.vcpus)) == (
        pods,
        custom,
        with_prefixes,
        recommended,
    )


# pkg/vpc/vpc_ip_resource_limit.go: HypervisorType "xen".
@pytest.mark.parametrize(("name", "pods", "custom"), [("t2.micro", 4, 3), ("m4.large", 20, 11)])
def test_instance_types__on_xen_have_no_prefixes(name, pods, custom):
    instance = INSTANCE_TYPES[name]

    assert (max_pods(instance), max_pods(instance, custom_networking=True)) == (pods, custom)
    with pytest.raises(ValueError, match="prefix_delegation needs an instance type on Nitro"):
        max_pods(instance, prefix_delegation=True)


# The same list: these sizes of c5 differ from the others', and are not among them.
@pytest.mark.parametrize("name", ["c5.8xlarge", "c5.16xlarge", "m6g.24xlarge", "m5.medium"])
def test_instance_types__lists_no_type_that_does_not_exist(name):
    assert name not in INSTANCE_TYPES
