import pytest

from tests.kernel.golden_rules import TRIED, disagreements, golden

pytestmark = pytest.mark.requires("kernel")


@pytest.mark.parametrize("case", TRIED)
def test_prove__kube_proxys_nftables_rules_do_what_the_model_says(case):
    assert disagreements(golden(case, "output.nft"), "nft") == {}


def test_prove__what_the_kernel_listed_does_what_the_model_says():
    assert disagreements(golden("029-loadbalancer-source-ranges", "output.nft-kernel-list"), "nft") == {}


def test_prove__nftables_rules_of_ipv6_do_what_the_model_says():
    assert disagreements(golden("068-dual-stack-lb", "output.ipv6.nft"), "nft") == {}
