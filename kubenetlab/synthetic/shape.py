"""What a synthetic cluster should look like, and what was planted in it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planted:
    """A finding that a planted fault must cause.

    Attributes
    ----------
    code
        The finding's code, such as ``KNL101``.
    object
        What it is about: ``Kind namespace/name``, ``Kind name``, or ``Cluster`` for ranges of the whole cluster.
    """

    code: str
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Everything that decides a synthetic dump: the same shape gives the same bytes.

    Attributes
    ----------
    nodes, pods
        How many of each, control plane and system pods included. Faults may add a few pods.
    seed
        Of every random choice.
    platform
        A name of `kubenetlab.synthetic.PLATFORMS`.
    faults
        Codes to plant, or ``"random"`` for a seeded choice of a few.
    neighbours
        Codes whose harmless neighbours are added: things that look like the fault and are none.
    dual_stack
        IPv4 and IPv6 for nodes, pods and Services.
    fat
        Pods with everything that kubectl prints (over 10 kB each); otherwise only what a model reads.
    """

    nodes: int = 5
    pods: int = 60
    seed: int = 1
    platform: str = "kubeadm-flannel"
    faults: tuple[str, ...] | str = ()
    neighbours: tuple[str, ...] = ()
    dual_stack: bool = False
    fat: bool = True

    def __post_init__(self) -> None:
        if self.nodes < 1 or self.pods < 1:
            raise ValueError(f"a cluster needs a node and a pod, not {self.nodes} nodes and {self.pods} pods")
