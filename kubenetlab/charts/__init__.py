"""Pictures of results: a chart takes a result, draws it, and returns its Axes; in a notebook the Axes show themselves."""

from kubenetlab.charts.address_plan import plan_map
from kubenetlab.charts.addresses import address_map
from kubenetlab.charts.affinity_retention import affinity_retention
from kubenetlab.charts.allocators import allocator_step
from kubenetlab.charts.chain_graph import chain_graph
from kubenetlab.charts.connection_spread import connection_spread
from kubenetlab.charts.drawing import ChartAxes, house_style
from kubenetlab.charts.endpoint_shares import endpoint_shares
from kubenetlab.charts.forecast import forecast_fan, refusal_probability
from kubenetlab.charts.fragmentation import fragmentation_by_policy
from kubenetlab.charts.hilbert import hilbert_map
from kubenetlab.charts.imbalance_over_time import imbalance_over_time
from kubenetlab.charts.lookup_latency import lookup_latency
from kubenetlab.charts.luck_band import luck_band
from kubenetlab.charts.name_forms import name_forms
from kubenetlab.charts.nodes import pods_per_node
from kubenetlab.charts.pareto import pareto
from kubenetlab.charts.plugin_chain import plugin_chain
from kubenetlab.charts.queries_by_place import queries_by_place
from kubenetlab.charts.query_ladder import query_ladder

__all__ = [
    "ChartAxes",
    "address_map",
    "affinity_retention",
    "allocator_step",
    "chain_graph",
    "connection_spread",
    "endpoint_shares",
    "forecast_fan",
    "fragmentation_by_policy",
    "hilbert_map",
    "house_style",
    "imbalance_over_time",
    "lookup_latency",
    "luck_band",
    "name_forms",
    "pareto",
    "plan_map",
    "plugin_chain",
    "pods_per_node",
    "queries_by_place",
    "query_ladder",
    "refusal_probability",
]
