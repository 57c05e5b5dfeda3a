"""The names kube-proxy gives to the chains of a service port and of its endpoints, in iptables and nftables mode.

Source: Kubernetes v1.36.2, pkg/proxy/iptables/proxier.go (portProtoHash, servicePortEndpointChainName) and
pkg/proxy/nftables/proxier.go (hashAndTruncate, servicePortChainNameBase, servicePortEndpointChainNameBase).
"""

from base64 import b32encode
from hashlib import sha256
from typing import Final

IPTABLES_PREFIXES: Final = ("KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-", "KUBE-SEP-")
NFTABLES_PREFIXES: Final = ("service-", "local-", "external-", "firewall-", "endpoint-", "affinity-")
NFTABLES_MAX_LENGTH: Final = 240  # characters of hash and name, without the prefix; a longer name is cut


def service_port_name(namespace: str, name: str, port_name: str = "") -> str:
    """Return how kube-proxy names a service port: ``namespace/name:port``, without ``:port`` for an unnamed one.

    >>> service_port_name("kube-system", "kube-dns", "dns"), service_port_name("shop", "cart")
    ('kube-system/kube-dns:dns', 'shop/cart')
    """
    return f"{namespace}/{name}:{port_name}" if port_name else f"{namespace}/{name}"


def chain_hash(service_port: str, protocol: str, endpoint: str = "") -> str:
    """Return the 16 characters after the prefix of an iptables chain's name.

    Parameters
    ----------
    service_port
        The name that ``service_port_name`` returns.
    protocol
        ``TCP``, ``UDP`` or ``SCTP``, in any case.
    endpoint
        ``IP:port`` for a KUBE-SEP chain (IPv6 as ``[IP]:port``), empty for the chains of the service port, which
        all have the same hash.

    Examples
    --------
    >>> chain_hash("default/kubernetes:https", "TCP")
    'NPX46M4PTMTKRN6Y'
    """
    digest = sha256(f"{service_port}{protocol.lower()}{endpoint}".encode()).digest()
    return b32encode(digest[:10]).decode()  # 10 bytes are 16 characters


def nftables_base(namespace: str, name: str, protocol: str, port_name: str = "", endpoint: str = "") -> str:
    """Return what follows the prefix in the name of an nftables chain or affinity set.

    Parameters
    ----------
    namespace, name, port_name
        The Service and the name of its port; an unnamed port leaves the last part empty.
    protocol
        ``TCP``, ``UDP`` or ``SCTP``, in any case.
    endpoint
        ``IP:port`` (IPv6 as ``[IP]:port``) for endpoint chains and affinity sets.

    Examples
    --------
    >>> nftables_base("ns1", "svc1", "TCP", "p80", "10.180.0.1:80")
    '5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80'
    """
    address, _, port = endpoint.rpartition(":")
    place = f"__{address.strip('[]').replace(':', '.')}/{port}" if endpoint else ""
    full_name = f"{namespace}/{name}/{protocol.lower()}/{port_name}{place}"
    base = f"{b32encode(sha256(full_name.encode()).digest()[:5]).decode()}-{full_name}"
    return base if len(base) <= NFTABLES_MAX_LENGTH else base[: NFTABLES_MAX_LENGTH - 3] + "..."
