"""Controls around one public function and one chart, for JupyterLab."""

from kubenetlab.widgets.affinity import affinity_explorer
from kubenetlab.widgets.allocators import allocator_stepper
from kubenetlab.widgets.capacity import capacity_planner
from kubenetlab.widgets.connections import connection_explorer
from kubenetlab.widgets.lookup import lookup_explorer
from kubenetlab.widgets.luck import luck_explorer
from kubenetlab.widgets.rule_walk import rule_walk

__all__ = [
    "affinity_explorer",
    "allocator_stepper",
    "capacity_planner",
    "connection_explorer",
    "lookup_explorer",
    "luck_explorer",
    "rule_walk",
]
