"""The file that the kubelet writes: kubernetes, pkg/kubelet/kubelet_pods_test.go, TestManagedHostsFileContent."""

from kubenetlab.dns.resolv_conf.hosts_file import pod_hosts
from kubenetlab.objects import Metadata, Pod
from kubenetlab.objects.pod import HostAlias, PodAddress, PodSpec, PodStatus


def hosts(name="p", ips=("203.0.113.1",), **spec):
    status = PodStatus(pod_ips=tuple(map(PodAddress, ips)))
    return pod_hosts(
        Pod(metadata=Metadata(name, "web"), spec=PodSpec(**spec), status=status), "cluster.local"
    )


def test_pod_hosts__has_localhost_and_the_pods_own_name():
    found = hosts()

    assert found["localhost"] == ("127.0.0.1", "::1")
    assert found["ip6-allrouters"] == ("fe00::2",)
    assert found["p"] == ("203.0.113.1",)


def test_pod_hosts__has_both_addresses_and_the_long_name_of_a_subdomain():
    found = hosts(ips=("203.0.113.1", "fd00::6"), hostname="podFoo", subdomain="sub")

    assert found["podfoo"] == found["podfoo.sub.web.svc.cluster.local"] == ("203.0.113.1", "fd00::6")
    assert "p" not in found


def test_pod_hosts__has_aliases_also_on_the_hosts_network_where_its_own_name_is_not_known():
    aliases = (HostAlias("123.45.67.89", ("foo", "bar")), HostAlias("456::1", ("foo",)))

    found = hosts(host_network=True, host_aliases=aliases)

    assert (found["foo"], found["bar"]) == (("123.45.67.89", "456::1"), ("123.45.67.89",))
    assert "p" not in found


def test_pod_hosts__cuts_a_long_name_and_has_none_for_a_pod_without_address():
    long = "a" * 62 + "-" + "b" * 20

    assert "a" * 62 in hosts(long)
    assert "p" not in hosts(ips=())
