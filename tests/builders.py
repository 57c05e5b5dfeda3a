"""Small objects and clusters for tests: what matters in the call, the rest as plain as can be.

Names are ``namespace/name``, or the name alone for what has no namespace. ``spec`` keywords are the objects' fields.
"""

from kubenetlab.cluster import Cluster
from kubenetlab.objects import (
    KINDS,
    ConfigMap,
    Container,
    ContainerPort,
    DaemonSet,
    Deployment,
    Endpoint,
    EndpointSlice,
    Ingress,
    IngressClass,
    LabelSelector,
    Metadata,
    Namespace,
    NetworkPolicy,
    Node,
    OwnerReference,
    Pod,
    Service,
    ServicePort,
)
from kubenetlab.objects.api_object import Condition, ObjectReference
from kubenetlab.objects.node import NodeAddress, NodeResources, NodeSpec, NodeStatus, NodeSystemInfo
from kubenetlab.objects.pod import PodAddress, PodSpec, PodStatus
from kubenetlab.objects.policy import NetworkPolicySpec
from kubenetlab.objects.routing import (
    HttpIngressPath,
    HttpIngressRuleValue,
    IngressBackend,
    IngressClassSpec,
    IngressRule,
    IngressServiceBackend,
    IngressSpec,
    ServiceBackendPort,
)
from kubenetlab.objects.service import (
    EndpointConditions,
    EndpointPort,
    LoadBalancerIngress,
    LoadBalancerStatus,
    ServiceSpec,
    ServiceStatus,
)
from kubenetlab.objects.workload import (
    PodTemplate,
    TemplateContainer,
    TemplateMetadata,
    TemplateSpec,
    WorkloadSpec,
)
from kubenetlab.result import Origin, Setting, Settings

_PLURALS = {kind.type: kind.plural for kind in KINDS}
CART = {"app": "cart"}
HTTP = (EndpointPort(port=8080),)


def cluster(*objects, settings=None, origin=Origin.READ):
    """A Cluster of objects of any kinds; ``settings`` maps names to values of one origin."""
    kinds = {}
    for value in objects:
        kinds.setdefault(_PLURALS[type(value)], []).append(value)
    given = (Setting(name, value, origin, "a test") for name, value in (settings or {}).items())
    return Cluster(settings=Settings(given), **{plural: tuple(values) for plural, values in kinds.items()})


def metadata(full_name, **fields):
    namespace, _, name = full_name.rpartition("/")
    return Metadata(name=name, namespace=namespace, **fields)


def namespace(name, **labels):
    return Namespace(metadata(name, labels=labels))


def node(name="a", ip=None, pod_cidrs=(), *, pods="110", runtime="containerd://2.1.4", **fields):
    """A node; ``ip`` is its InternalIP, ``pods`` its capacity, ``fields`` go to the metadata."""
    status = NodeStatus(
        addresses=(NodeAddress("InternalIP", ip),) if ip else (),
        capacity=NodeResources(pods),
        node_info=NodeSystemInfo(kubelet_version="v1.34.1", container_runtime_version=runtime),
        conditions=(Condition("Ready", "True"),),
    )
    spec = NodeSpec(pod_cidr=pod_cidrs[0] if pod_cidrs else "", pod_cidrs=tuple(pod_cidrs))
    return Node(metadata(name, **fields), spec, status)


def container(*ports, image="registry.example.com/cart:1", **fields):
    """A container with ports given as (name, number) or (name, number, protocol)."""
    listed = tuple(
        ContainerPort(name=name, container_port=number, protocol=next(iter(rest), "TCP"))
        for name, number, *rest in ports
    )
    return Container(name="main", image=image, ports=listed, **fields)


def owner(kind, name):
    return (OwnerReference(kind, name, controller=True),)


def pod(full_name="shop/cart-1", labels=CART, *, ips=(), is_ready=True, **fields):
    """A pod; ``fields`` are phase, owners (a tuple of OwnerReferences), is_planned, and what goes to the spec."""
    status = PodStatus(
        phase=fields.pop("phase", "Running"),
        pod_ip=ips[0] if ips else "",
        pod_ips=tuple(PodAddress(ip) for ip in ips),
        conditions=(Condition("Ready", "True" if is_ready else "False"),),
    )
    about = metadata(full_name, labels=dict(labels), owner_references=fields.pop("owners", ()))
    is_planned = fields.pop("is_planned", False)
    return Pod(about, PodSpec(**{"containers": (container(),), **fields}), status, is_planned)


def service(
    full_name="shop/cart", selector=CART, *, addresses=(), ports=((80, None),), annotations=None, **spec
):
    """A Service; ``ports`` are (port, targetPort) or ServicePorts, ``addresses`` those of its load balancer."""
    listed = tuple(p if isinstance(p, ServicePort) else ServicePort(p[0], target_port=p[1]) for p in ports)
    given = tuple(LoadBalancerIngress(ip=ip) for ip in addresses)
    return Service(
        metadata(full_name, annotations=annotations or {}),
        ServiceSpec(selector=dict(selector or {}), ports=listed, **spec),
        ServiceStatus(LoadBalancerStatus(given)),
    )


def endpoint(address, *, ready=True, node_name="", pod_name=""):
    target = ObjectReference("Pod", pod_name) if pod_name else ObjectReference()
    return Endpoint((address,), EndpointConditions(ready=ready), node_name=node_name, target_ref=target)


def endpoint_slice(*endpoints, of="shop/cart", suffix="abcde", ports=HTTP, address_type="IPv4"):
    space, _, name = of.rpartition("/")
    about = metadata(f"{of}-{suffix}", labels={"kubernetes.io/service-name": name} if space else {})
    return EndpointSlice(about, address_type, tuple(endpoints), tuple(ports))


def template(labels=CART, *ports, image="registry.example.com/cart:1", **spec):
    listed = container(*ports).ports
    main = TemplateContainer(name="main", image=image, ports=listed)
    return PodTemplate(TemplateMetadata(dict(labels)), TemplateSpec(containers=(main,), **spec))


def deployment(full_name="shop/cart", pod_template=None, replicas=None, **fields):
    return Deployment(
        metadata(full_name, **fields), WorkloadSpec(replicas=replicas, template=pod_template or template())
    )


def daemon_set(full_name="kube-system/agent", pod_template=None):
    return DaemonSet(metadata(full_name), WorkloadSpec(template=pod_template or template({"app": "agent"})))


def config_map(full_name, **data):
    return ConfigMap(metadata(full_name), data)


def policy(full_name="shop/p", selector=None, **spec):
    """A NetworkPolicy; ``selector`` are its matchLabels (None: every pod of the namespace)."""
    return NetworkPolicy(metadata(full_name), NetworkPolicySpec(LabelSelector(selector or {}), **spec))


def backend(name="cart", number=80, port_name=""):
    return IngressBackend(IngressServiceBackend(name, ServiceBackendPort(port_name, number)))


def ingress(full_name="shop/web", *backends, annotations=None, **spec):
    """An Ingress whose paths /0, /1 … go to the backends."""
    paths = tuple(HttpIngressPath(one, f"/{i}") for i, one in enumerate(backends))
    rules = (IngressRule("shop.example.com", HttpIngressRuleValue(paths)),) if paths else ()
    return Ingress(metadata(full_name, annotations=annotations or {}), IngressSpec(rules=rules, **spec))


def ingress_class(name="c", controller="example.com/controller", *, is_default=False):
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if is_default else {}
    return IngressClass(metadata(name, annotations=annotations), IngressClassSpec(controller))
