"""Settings from lines of a Corefile, and answers to keep."""

from kubenetlab.dns.caches.cache_settings import CacheSettings
from kubenetlab.objects.dns_message import Record
from tests.golden_dns_caches import cache_directive

SOA = Record(
    "cluster.local.", "SOA", 30, "ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5"
)


def a_record(ttl_s, name="web.", type="A"):
    return Record(name, type, ttl_s, "10.0.0.1")


def settings_of(*options, args=()):
    """The settings of a cache line with one option a line, from line 2."""
    return CacheSettings.of_directive(cache_directive("\n".join((" ".join(("cache", *args)), *options))))
