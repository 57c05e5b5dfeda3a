"""Pictures of results: a chart takes a result, draws it, and returns its Axes; in a notebook the Axes show themselves."""

from kubenetlab.charts.addresses import address_map
from kubenetlab.charts.drawing import ChartAxes, house_style
from kubenetlab.charts.nodes import pods_per_node

__all__ = ["ChartAxes", "address_map", "house_style", "pods_per_node"]
