import pytest

from kubenetlab.findings import check
from kubenetlab.synthetic import FAULTS, NEIGHBOURS, synthetic_dump

CASES = [(name, platform) for name, neighbour in NEIGHBOURS.items() for platform in neighbour.platforms]


def test_neighbours__every_fault_has_one():
    assert {name.partition("-")[0] for name in NEIGHBOURS} == set(FAULTS)


@pytest.mark.parametrize(("name", "platform"), CASES)
def test_neighbours__change_the_cluster_and_are_not_found(name, platform):
    dump = synthetic_dump(platform=platform, neighbours=(name,), fat=False)

    assert dump.planted == ()
    assert dump.json() != synthetic_dump(platform=platform, fat=False).json()
    assert [finding.code for finding in check(dump.cluster())] == []


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (("KNL999",), "unknown neighbour 'KNL999'"),
        (("KNL602",), "neighbour KNL602 cannot be on kubeadm-flannel"),
    ],
)
def test_neighbours__refuse_what_cannot_be(names, match):
    with pytest.raises(ValueError, match=match):
        synthetic_dump(neighbours=names)
