import pytest

from kubenetlab.readers.settings.corefile_zone import cluster_zone

BLOCK = """
.:53 {
    errors
    # kubernetes wrong.example {
    kubernetes corp.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . /etc/resolv.conf
}
"""


@pytest.mark.parametrize(
    ("corefile", "zone"),
    [
        (BLOCK, "corp.local"),
        ("corp.local:53 {\n  kubernetes\n}", "corp.local"),
        ("dns://corp.local:53, in-addr.arpa {\n  kubernetes {\n    pods insecure\n  }\n}", "corp.local"),
        ("example.com {\n  file db\n}\n.:53 {\n  kubernetes cluster.local\n}", "cluster.local"),
        (".:53 {\n  kubernetes in-addr.arpa\n}", None),
        (".:53 {\n  forward . 1.1.1.1\n}", None),
        ("kubernetes cluster.local", None),
        ("", None),
    ],
)
def test_cluster_zone__is_the_first_forward_zone_of_the_plugin(corefile, zone):
    assert cluster_zone(corefile) == zone
