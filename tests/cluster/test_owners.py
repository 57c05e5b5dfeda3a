"""Owners of pods: through ReplicaSets and Jobs, in the dump or not."""

import pytest

from kubenetlab.objects import Job, ReplicaSet
from tests.builders import cluster, metadata, owner, pod

REPLICA_SET = ReplicaSet(metadata("shop/cart-5d8f", owner_references=owner("Deployment", "cart")))
CART = pod("shop/cart-5d8f-x", owners=owner("ReplicaSet", "cart-5d8f"))


def names(pods):
    return [value.metadata.full_name for value in pods]


@pytest.mark.parametrize(("kind", "name"), [("ReplicaSet", "shop/cart-5d8f"), ("Deployment", "shop/cart")])
def test_owned_by__a_deployment_owns_through_its_replica_set(kind, name):
    assert names(cluster(CART, REPLICA_SET, pod("shop/other")).owned_by(kind, name)) == ["shop/cart-5d8f-x"]


def test_owned_by__a_cron_job_owns_through_its_job():
    job = Job(metadata("batch/report-1", owner_references=owner("CronJob", "report")))
    value = pod("batch/report-1-x", owners=owner("Job", "report-1"))

    assert names(cluster(value, job).owned_by("CronJob", "batch/report")) == ["batch/report-1-x"]


def test_owned_by__reads_the_deployment_from_the_hash_where_the_replica_set_is_missing():
    value = pod("shop/cart-5d8f-x", {"pod-template-hash": "5d8f"}, owners=owner("ReplicaSet", "cart-5d8f"))

    assert names(cluster(value).owned_by("Deployment", "shop/cart")) == ["shop/cart-5d8f-x"]


@pytest.mark.parametrize("labels", [{}, {"pod-template-hash": "abcd"}, {"pod-template-hash": ""}])
def test_owned_by__guesses_no_deployment_without_the_hash(labels):
    value = pod("shop/cart-5d8f-x", labels, owners=owner("ReplicaSet", "cart-5d8f"))

    assert cluster(value).owned_by("Deployment", "shop/cart") == ()


def test_owned_by__ends_where_owners_go_in_a_circle():
    replica_set = ReplicaSet(metadata("shop/cart-5d8f", owner_references=owner("ReplicaSet", "cart-5d8f")))

    assert len(cluster(CART, replica_set).owned_by("ReplicaSet", "shop/cart-5d8f")) == 1


def test_owned_by__nothing():
    assert cluster(pod()).owned_by("Deployment", "shop/cart") == ()
