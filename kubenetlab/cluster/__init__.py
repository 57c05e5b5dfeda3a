"""One cluster at one moment: look-ups by name, label, owner and address; settings; tables."""

from kubenetlab.cluster.address_holders import AddressUse
from kubenetlab.cluster.provenance import Provenance, SourceFile
from kubenetlab.cluster.selectors import labels_match
from kubenetlab.cluster.service_endpoints import ServiceEndpoint
from kubenetlab.cluster.snapshot import Cluster

__all__ = ["AddressUse", "Cluster", "Provenance", "ServiceEndpoint", "SourceFile", "labels_match"]
