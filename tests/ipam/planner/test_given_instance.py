import pytest

from kubenetlab.errors import ManifestError
from kubenetlab.ipam.planner.given_instance import max_pods_of_node
from tests.ipam.planner.written_requests import asked, cluster


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("platform: eks, instance_type: t2.micro, prefix_delegation: true",
         "prefix_delegation: found yes, expected no, or an instance type on Nitro or bare metal: t2.micro has no prefixes"),
        ("instance_type: m5.foo", "instance_type: found m5.foo, expected an EC2 instance type"),
    ],
)  # fmt: skip
def test_instance_of__refuses_a_type_that_cannot_be(text, message):
    with pytest.raises(ManifestError) as error:
        asked(cluster(text))

    assert str(error.value).startswith(f"request.yaml: cluster shop: {message}")


def test_max_pods_of_node__is_what_is_asked_for():
    assert max_pods_of_node({"max_pods": 60, "pods_per_node": 60}, None) == 60
