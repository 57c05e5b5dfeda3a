"""Requests for plans as tests write them: short YAML, and what the planner makes of it."""

from kubenetlab.ipam.planner.plan import make_plan
from kubenetlab.ipam.planner.request import checked_request
from kubenetlab.readers.plan_request import plan_request

PARENTS = """\
parents:
  pods: [100.64.0.0/10, fd00:10::/32]
  services: [172.20.0.0/14, fd00:20::/32]
  nodes: [10.0.0.0/9, fd00:30::/32]
  routable: [10.128.0.0/9]
"""


def asked(*clusters, head=PARENTS):
    """What a request means; each cluster is the inside of a YAML map: ``name: shop, nodes: 3``."""
    return checked_request(plan_request(written(*clusters, head=head), "request.yaml"))


def written(*clusters, head=PARENTS):
    lines = "".join(f"- {{{cluster}}}\n" for cluster in clusters)
    return f"{head}\nclusters:\n{lines}".encode()


def cluster(text="", name="shop"):
    return f"name: {name}, nodes: 30, pods_per_node: 40" + (f", {text}" if text else "")


def planned(*clusters, head=PARENTS, kept=None):
    return make_plan(asked(*clusters, head=head), kept)


def texts(plan):
    return {name: str(network) for name, network in plan.networks.items()}
