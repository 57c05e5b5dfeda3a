"""From a shape to a dump."""

import random
from typing import TypedDict, Unpack

from kubenetlab.synthetic.config_maps import add_config_maps
from kubenetlab.synthetic.draft import Draft
from kubenetlab.synthetic.dump import Dump
from kubenetlab.synthetic.edges import add_ingresses, add_policies
from kubenetlab.synthetic.faults import chosen_codes, plant_faults, plant_ranges
from kubenetlab.synthetic.identity import Identity
from kubenetlab.synthetic.neighbours import chosen_neighbours
from kubenetlab.synthetic.nodes import add_nodes, cluster_ranges
from kubenetlab.synthetic.planning import add_workloads
from kubenetlab.synthetic.platforms import platform_named
from kubenetlab.synthetic.services import add_services
from kubenetlab.synthetic.shape import Shape


class ShapeOptions(TypedDict, total=False):
    """The fields of `Shape` that are not often given."""

    faults: tuple[str, ...] | str
    neighbours: tuple[str, ...]
    dual_stack: bool
    fat: bool


def synthetic_dump(
    nodes: int = 5,
    pods: int = 60,
    seed: int = 1,
    platform: str = "kubeadm-flannel",
    **options: Unpack[ShapeOptions],
) -> Dump:
    """Make up a cluster and return its dump.

    Parameters
    ----------
    nodes, pods
        How many of each, control plane and system pods included.
    seed
        Of every random choice: the same arguments give the same bytes.
    platform
        A name of `PLATFORMS`.
    options
        ``faults``, ``neighbours``, ``dual_stack`` and ``fat`` of `Shape`.

    Returns
    -------
    The dump: ``items``, ``planted``, ``json()``, ``write(path)`` and ``cluster()``.

    Raises
    ------
    ValueError
        If the platform or a fault is unknown, or what was asked for does not fit.

    Examples
    --------
    >>> dump = synthetic_dump(nodes=3, pods=40, faults=("KNL101",))
    >>> dump.planted[0].code
    'KNL101'
    >>> sum(item["kind"] == "Node" for item in dump.items)
    3
    """
    return generate(Shape(nodes=nodes, pods=pods, seed=seed, platform=platform, **options))


def generate(shape: Shape) -> Dump:
    """Return the dump of a shape.

    Raises
    ------
    ValueError
        As `synthetic_dump`.
    """
    codes = chosen_codes(shape)
    neighbours = chosen_neighbours(shape.platform, shape.neighbours)
    draft = _new_draft(shape)
    draft.ranges = cluster_ranges(draft)
    for neighbour in neighbours:
        neighbour.ranges(draft)
    plant_ranges(draft, codes)
    for step in (add_nodes, add_workloads, add_services, add_ingresses, add_policies, add_config_maps):
        step(draft)
    for neighbour in neighbours:
        neighbour.add(draft)
    plant_faults(draft, codes)
    return Dump(draft)


def _new_draft(shape: Shape) -> Draft:
    return Draft(
        shape=shape,
        platform=platform_named(shape.platform),
        identity=Identity(shape.seed),
        rng=random.Random(shape.seed),
        ranges={},
    )
