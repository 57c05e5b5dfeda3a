"""Controls around one public function and one chart, for JupyterLab."""

from kubenetlab.widgets.allocators import allocator_stepper
from kubenetlab.widgets.capacity import capacity_planner
from kubenetlab.widgets.rule_walk import rule_walk

__all__ = ["allocator_stepper", "capacity_planner", "rule_walk"]
