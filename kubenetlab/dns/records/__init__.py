"""What CoreDNS' kubernetes plugin answers for the objects of a dump."""

from kubenetlab.dns.records.kubernetes import KubernetesRecords
from kubenetlab.dns.records.options import KubernetesOptions

__all__ = ["KubernetesOptions", "KubernetesRecords"]
