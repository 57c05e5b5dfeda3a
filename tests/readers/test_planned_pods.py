import pytest

from kubenetlab.readers import planned_pods as module
from tests.readers.dumps import cluster, item, node, pod, workload

OWNED_BY_WEB = {
    "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True}],
    "labels": {"app": "web"},
}
LIVE = {"creationTimestamp": "2026-01-01T00:00:00Z"}


def planned(*items):
    return [p for p in cluster(*items).pods if p.is_planned]


def names(*items):
    return [p.metadata.name for p in planned(*items)]


def cron_job(name="nightly", suspend=False, metadata=None, **job):
    spec = {
        "suspend": suspend,
        "jobTemplate": {"spec": {"template": {"metadata": {"labels": {"app": name}}}} | job},
    }
    return item("CronJob", name, "shop", "batch/v1", metadata=metadata or {}, spec=spec)


def tainted(name, *taints, **labels):
    spec = {"taints": [dict(zip(("key", "value", "effect"), taint, strict=True)) for taint in taints]}
    return node(name, metadata={"labels": labels}, spec=spec)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (workload("Deployment", replicas=2), ["web-planned-0", "web-planned-1"]),
        (workload("Deployment"), ["web-planned-0"]),
        (workload("Deployment", replicas=0), []),
        (workload("ReplicaSet", replicas=1), ["web-planned-0"]),
        (workload("StatefulSet", replicas=2), ["web-0", "web-1"]),
        (workload("DaemonSet"), ["web-planned-0"]),
        (workload("Job", group="batch/v1"), ["web-planned-0"]),
        (workload("Job", group="batch/v1", parallelism=3, completions=2), ["web-planned-0", "web-planned-1"]),
        (workload("Job", group="batch/v1", parallelism=2, completions=9), ["web-planned-0", "web-planned-1"]),
        (workload("Job", group="batch/v1", parallelism=0), []),
        (workload("Job", group="batch/v1", suspend=True), []),
        (cron_job(), ["nightly-planned-0"]),
        (cron_job(parallelism=2), ["nightly-planned-0", "nightly-planned-1"]),
        (cron_job(suspend=True), []),
    ],
)
def test_planned_pods__names_the_pods_that_a_workload_would_make(value, expected):
    assert names(value) == expected


def test_planned_pods__look_like_the_template():
    template = {
        "hostNetwork": True,
        "containers": [{"name": "c", "ports": [{"containerPort": 80, "name": "http"}]}],
    }

    found = planned(workload("Deployment", template=template))[0]

    assert found.metadata.full_name == "shop/web-planned-0"
    assert found.metadata.labels == {"app": "web"}
    assert found.spec.host_network
    assert found.spec.containers[0].ports[0].name == "http"
    assert (found.ips, found.is_ready, found.has_finished) == ((), False, False)


def test_planned_pods__belong_to_their_workload():
    result = cluster(workload("Deployment", replicas=2), cron_job())

    assert [p.metadata.name for p in result.owned_by("Deployment", "shop/web")] == [
        "web-planned-0",
        "web-planned-1",
    ]
    assert [p.metadata.name for p in result.owned_by("CronJob", "shop/nightly")] == ["nightly-planned-0"]


def test_planned_pods__of_a_stateful_set_have_names_and_labels_as_in_a_cluster():
    found = planned(workload("StatefulSet", "db", serviceName="db-headless", replicas=2))[1]

    assert (found.spec.hostname, found.spec.subdomain) == ("db-1", "db-headless")
    assert found.metadata.labels == {
        "app": "db",
        "statefulset.kubernetes.io/pod-name": "db-1",
        "apps.kubernetes.io/pod-index": "1",
    }


def test_planned_pods__of_a_job_have_its_labels():
    labels = planned(workload("Job", "once", group="batch/v1"))[0].metadata.labels

    assert labels == {"app": "once", "job-name": "once", "batch.kubernetes.io/job-name": "once"}


def test_planned_pods__of_a_daemon_set_stand_on_every_node_that_it_may_use():
    nodes = [
        tainted("plain", disk="ssd"),
        tainted("other-disk", disk="hdd"),
        tainted("control-plane", ("node-role.kubernetes.io/control-plane", "", "NoSchedule"), disk="ssd"),
        tainted("gpu", ("gpu", "yes", "NoExecute"), disk="ssd"),
        tainted("gpu-other", ("gpu", "no", "NoExecute"), disk="ssd"),
        tainted("cordoned", ("node.kubernetes.io/unschedulable", "", "NoSchedule"), disk="ssd"),
        tainted("preferred", ("busy", "", "PreferNoSchedule"), disk="ssd"),
    ]
    template = {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "gpu", "value": "yes"}]}

    found = planned(workload("DaemonSet", template=template), *nodes)

    assert [(p.metadata.name, p.spec.node_name) for p in found] == [
        ("web-planned-0", "plain"),
        ("web-planned-1", "gpu"),
        ("web-planned-2", "cordoned"),
        ("web-planned-3", "preferred"),
    ]


@pytest.mark.parametrize(
    "tolerations", [[{"operator": "Exists"}], [{"key": "a", "operator": "Exists", "effect": "NoSchedule"}]]
)
def test_planned_pods__tolerations_may_name_no_key_or_any_value(tolerations):
    found = planned(
        workload("DaemonSet", template={"tolerations": tolerations}), tainted("n", ("a", "b", "NoSchedule"))
    )

    assert len(found) == 1


@pytest.mark.parametrize(
    "items",
    [
        [workload("Deployment"), pod("web-1-x", metadata={"labels": {"app": "web"}})],
        [workload("Deployment"), pod("web-1-x", metadata=OWNED_BY_WEB)],
        [
            workload("Deployment"),
            workload("ReplicaSet", "web-1", metadata={"ownerReferences": [{"kind": "Deployment", "name": "web", "controller": True}]}),
            pod("web-1-x", metadata={"ownerReferences": OWNED_BY_WEB["ownerReferences"]}),
        ],
        [workload("ReplicaSet", "web-1", metadata={"ownerReferences": [{"kind": "Deployment", "name": "web", "controller": True}]})],
        [workload("Job", group="batch/v1", metadata={"ownerReferences": [{"kind": "CronJob", "name": "n", "controller": True}]})],
        [workload("Job", group="batch/v1", metadata=LIVE), pod()],
        [cron_job(metadata=LIVE), pod()],
    ],
    ids=["by selector", "by selector, owner not in the dump", "by owners", "of a Deployment", "of a CronJob", "a live Job", "a live CronJob"],
)  # fmt: skip
def test_planned_pods__are_none_where_the_dump_has_the_pods_or_says_there_are_none(items):
    assert planned(*items) == []


def test_planned_pods__pods_of_another_workload_or_namespace_do_not_count():
    other = workload("Deployment", "other")
    of_other = {
        "ownerReferences": [{"kind": "Deployment", "name": "other", "controller": True}],
        "labels": {"app": "web"},
    }
    elsewhere = pod("web", namespace="elsewhere", metadata={"labels": {"app": "web"}})

    found = names(workload("Deployment"), other, pod("x", metadata=of_other), elsewhere)

    assert found == ["web-planned-0"]


def test_planned_pods__are_noted():
    notes = cluster(
        workload("Deployment", replicas=2), workload("DaemonSet", "agent"), cron_job()
    ).provenance.notes

    assert notes == (
        "4 pods are planned, not seen: 2 of Deployments, 1 of DaemonSets, 1 of CronJobs",
        "each CronJob without pods is planned as the pods of one Job",
    )


def test_planned_pods__are_bounded_in_all(monkeypatch):
    monkeypatch.setattr(module, "MAX_PLANNED_PODS", 3)

    result = cluster(
        workload("Deployment", "a", replicas=2),
        workload("Deployment", "b", replicas=2),
        workload("Deployment", "c"),
    )

    assert [p.metadata.name for p in result.pods] == ["a-planned-0", "a-planned-1", "c-planned-0"]
    assert [(r.object, r.found) for r in result.provenance.refused] == [("Deployment shop/b", "2")]
