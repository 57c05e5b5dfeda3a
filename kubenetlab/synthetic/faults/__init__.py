"""Faults that can be planted, each with the finding it must cause."""

from kubenetlab.synthetic.faults.table import FAULTS, Fault, chosen_codes, plant_faults, plant_ranges

__all__ = ["FAULTS", "Fault", "chosen_codes", "plant_faults", "plant_ranges"]
