"""Controls around one public function and one chart, for JupyterLab."""

from kubenetlab.widgets.allocators import allocator_stepper
from kubenetlab.widgets.capacity import capacity_planner

__all__ = ["allocator_stepper", "capacity_planner"]
