import pytest

from kubenetlab.errors import ManifestError
from tests.readers.dumps import cluster, node, workload

NODE = node("n1", metadata={"labels": {"disk": "ssd", "cores": "8", "odd": "x"}})


def affine(*terms, **fields):
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return workload("DaemonSet", template={"affinity": {"nodeAffinity": required}}) | fields


def term(key, operator, *values, field="matchExpressions"):
    return {field: [{"key": key, "operator": operator, "values": list(values)}]}


def n_planned(*items):
    return sum(pod.is_planned for pod in cluster(*items).pods)


@pytest.mark.parametrize(
    ("requirement", "matches"),
    [
        (("disk", "In", "hdd", "ssd"), True),
        (("disk", "In", "hdd"), False),
        (("gpu", "In", "yes"), False),
        (("disk", "NotIn", "hdd"), True),
        (("disk", "NotIn", "ssd"), False),
        (("gpu", "NotIn", "yes"), True),
        (("disk", "Exists"), True),
        (("gpu", "Exists"), False),
        (("disk", "DoesNotExist"), False),
        (("gpu", "DoesNotExist"), True),
        (("cores", "Gt", "4"), True),
        (("cores", "Gt", "8"), False),
        (("cores", "Gt", "-1"), True),
        (("cores", "Lt", "9"), True),
        (("cores", "Lt", "8"), False),
        (("gpu", "Lt", "9"), False),
        (("odd", "Gt", "1"), False),
        (("cores", "Gt"), False),
        (("cores", "Gt", "9" * 5000), False),
    ],
)  # the values of k8s.io/apimachinery labels.Requirement
def test_may_run_on__asks_the_labels_of_a_node(requirement, matches):
    assert n_planned(affine(term(*requirement)), NODE) == matches


def test_may_run_on__one_term_is_enough_and_all_of_it_must_match():
    both = {"matchExpressions": [*term("disk", "Exists")["matchExpressions"], *term("gpu", "Exists")["matchExpressions"]]}  # fmt: skip

    assert n_planned(affine(both), NODE) == 0
    assert n_planned(affine(both, term("disk", "Exists")), NODE) == 1


@pytest.mark.parametrize("terms", [[], [{}]])
def test_may_run_on__an_empty_term_matches_no_node(terms):
    assert n_planned(affine(*terms), NODE) == 0


def test_may_run_on__a_field_may_name_the_node():
    others = [NODE, node("n2", "10.244.1.0/24", "10.0.0.2")]

    pods = cluster(affine(term("metadata.name", "In", "n2", field="matchFields")), *others).pods

    assert [pod.spec.node_name for pod in pods] == ["n2"]


@pytest.mark.parametrize("affinity", [None, {}, {"podAntiAffinity": {}}, {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}])  # fmt: skip
def test_may_run_on__without_a_required_node_affinity_every_node_will_do(affinity):
    assert n_planned(workload("DaemonSet", template={"affinity": affinity}), NODE) == 1


def test_read_cluster__an_operator_that_the_api_lacks_is_refused():
    with pytest.raises(ManifestError, match="operator"):
        cluster(affine(term("disk", "Like", "s")), strict=True)


@pytest.mark.parametrize(("status", "n_pods"), [({"desiredNumberScheduled": 0}, 0), ({"desiredNumberScheduled": 1}, 1), ({}, 1), (None, 1)])  # fmt: skip
def test_planned_pods__a_daemon_set_that_is_for_no_node_plans_none(status, n_pods):
    assert n_planned(workload("DaemonSet") | {"status": status}, NODE) == n_pods
    assert n_planned(workload("DaemonSet") | {"status": status}) == n_pods


def test_read_cluster__keeps_no_affinity():
    (daemon_set,) = cluster(affine(term("disk", "Exists")), NODE).daemon_sets

    assert daemon_set.spec.template.spec.affinity is None
    assert daemon_set.spec.template.metadata.labels == {"app": "web"}
