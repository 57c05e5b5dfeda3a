import pytest

from kubenetlab.kube_proxy.releases import CHANGES, LATEST, has_behaviour, releases


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.behaviour)
def test_has_behaviour__from_the_release_on(change):
    major, minor = change.since

    assert has_behaviour(f"{major}.{minor}", change.behaviour)
    assert not has_behaviour(f"v{major}.{minor - 1}.12-gke.1", change.behaviour)
    assert has_behaviour(LATEST, change.behaviour)


@pytest.mark.parametrize("release", ["", "1", "latest", "1.x", "1.36\n"])
def test_has_behaviour__refuses_what_is_no_release(release):
    with pytest.raises(ValueError, match=r"expected a release of Kubernetes such as 1\.36"):
        has_behaviour(release, "node hints")


def test_releases__one_row_a_change_oldest_first():
    frame = releases().frame

    assert list(frame.columns) == ["behaviour", "since", "now", "before", "source"]
    assert list(frame["behaviour"]) == [change.behaviour for change in CHANGES]
    assert [change.since for change in CHANGES] == sorted(change.since for change in CHANGES)
