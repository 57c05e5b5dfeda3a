"""Listings of AWS, Azure and Google Cloud as their command lines print them, recognised by their shape."""

from kubenetlab.readers.cloud.shapes import Shape, shape_of

__all__ = ["Shape", "shape_of"]
