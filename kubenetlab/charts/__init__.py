"""Pictures of results: a chart takes a result, draws it, and returns its Axes; in a notebook the Axes show themselves."""

from kubenetlab.charts.address_plan import plan_map
from kubenetlab.charts.addresses import address_map
from kubenetlab.charts.allocators import allocator_step
from kubenetlab.charts.chain_graph import chain_graph
from kubenetlab.charts.drawing import ChartAxes, house_style
from kubenetlab.charts.endpoint_shares import endpoint_shares
from kubenetlab.charts.forecast import forecast_fan, refusal_probability
from kubenetlab.charts.fragmentation import fragmentation_by_policy
from kubenetlab.charts.hilbert import hilbert_map
from kubenetlab.charts.nodes import pods_per_node
from kubenetlab.charts.pareto import pareto

__all__ = [
    "ChartAxes",
    "address_map",
    "allocator_step",
    "chain_graph",
    "endpoint_shares",
    "forecast_fan",
    "fragmentation_by_policy",
    "hilbert_map",
    "house_style",
    "pareto",
    "plan_map",
    "pods_per_node",
    "refusal_probability",
]
