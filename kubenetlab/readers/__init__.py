"""Text in, objects out: kubectl dumps and manifests become a Cluster."""

from kubenetlab.readers.cluster_reader import read_bytes, read_cluster

__all__ = ["read_bytes", "read_cluster"]
