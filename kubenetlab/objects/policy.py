"""NetworkPolicy: which pods it isolates and what it lets through."""

from kubenetlab.objects.address_text import check_cidrs
from kubenetlab.objects.api_object import ApiObject, LabelSelector, Metadata, OptionalPort


class IpBlock(ApiObject, frozen=True):
    """A range of addresses, with holes."""

    cidr: str
    except_: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_cidrs(cidr=self.cidr, **{"except": self.except_})


class NetworkPolicyPeer(ApiObject, frozen=True):
    """Who is let through: pods, namespaces, both, or a range."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None


class NetworkPolicyPort(ApiObject, frozen=True):
    """A port, a named port, a port range, or (None) every port of the protocol."""

    protocol: str = "TCP"
    port: OptionalPort | str | None = None
    end_port: OptionalPort | None = None


class IngressPolicyRule(ApiObject, frozen=True):
    """Lets traffic in; no peers means from anywhere, no ports means any port."""

    from_: tuple[NetworkPolicyPeer, ...] = ()
    ports: tuple[NetworkPolicyPort, ...] = ()


class EgressPolicyRule(ApiObject, frozen=True):
    """Lets traffic out; no peers means to anywhere, no ports means any port."""

    to: tuple[NetworkPolicyPeer, ...] = ()
    ports: tuple[NetworkPolicyPort, ...] = ()


class NetworkPolicySpec(ApiObject, frozen=True):
    """The pods a policy applies to and its rules."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[IngressPolicyRule, ...] = ()
    egress: tuple[EgressPolicyRule, ...] = ()


class NetworkPolicy(ApiObject, frozen=True):
    """Isolates pods and lets some traffic through."""

    metadata: Metadata
    spec: NetworkPolicySpec = NetworkPolicySpec()

    @property
    def policy_types(self) -> tuple[str, ...]:
        """Directions the policy isolates; absent means Ingress, and Egress if it has egress rules (API defaulting)."""
        return self.spec.policy_types or (("Ingress", "Egress") if self.spec.egress else ("Ingress",))
