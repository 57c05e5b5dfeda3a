import pytest

from tests.kernel.golden_rules import SEEDS, TRIED, disagreements, golden

pytestmark = pytest.mark.requires("kernel")


@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
@pytest.mark.parametrize("case", TRIED)
def test_prove__kube_proxys_iptables_rules_do_what_the_model_says(case, tool):
    assert disagreements(golden(case, "output.save"), tool) == {}


@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.rules")), ids=lambda path: path.stem)
def test_prove__the_examples_do_what_the_model_says(path, tool):
    assert disagreements(path.read_text("utf-8"), tool) == {}


def test_prove__ip6tables_rules_do_what_the_model_says():
    assert disagreements(golden("068-dual-stack-lb", "output.ipv6.save"), "iptables-nft") == {}
