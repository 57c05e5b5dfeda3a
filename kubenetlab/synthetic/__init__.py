"""Seeded clusters of any size as real dumps, with planted faults and their harmless neighbours."""

from kubenetlab.synthetic.dump import Dump
from kubenetlab.synthetic.faults import FAULTS
from kubenetlab.synthetic.generate import generate, synthetic_dump
from kubenetlab.synthetic.neighbours import NEIGHBOURS
from kubenetlab.synthetic.platforms import PLATFORMS
from kubenetlab.synthetic.shape import Planted, Shape
from kubenetlab.synthetic.shop import platform_dump, shop_dump

__all__ = [
    "FAULTS",
    "NEIGHBOURS",
    "PLATFORMS",
    "Dump",
    "Planted",
    "Shape",
    "generate",
    "platform_dump",
    "shop_dump",
    "synthetic_dump",
]
