"""Data that comes with kubenetlab: sample clusters by name, and the notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kubenetlab.errors import NotFoundError

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster

#: Sample by name: its file in ``data/`` and what it is.
SAMPLES = {
    "shop": ("shop.json", "a small cluster that runs an online shop"),
    "platform": ("platform.json.gz", "a middle-sized cluster, about a hundred nodes"),
}

_PACKAGE = Path(__file__).parent


def shipped_folder(name: str) -> Path:
    """Return the folder ``data`` or ``notebooks``: inside an installed package, or beside it in a clone.

    Raises
    ------
    NotFoundError
        If the installation lacks it.
    """
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise NotFoundError(f"this installation of kubenetlab lacks its folder {name}; install it again")


def sample_path(name: str) -> Path:
    """Return the file of a sample cluster.

    Raises
    ------
    NotFoundError
        If there is no sample of that name.
    """
    if name not in SAMPLES:
        raise NotFoundError(f"there is no sample {name!r}; there are {', '.join(SAMPLES)}")
    return shipped_folder("data") / SAMPLES[name][0]


def sample(name: str, strict: bool = False) -> Cluster:
    """Read a sample cluster: ``shop`` (small) or ``platform`` (middle-sized); ``strict`` as in ``read_cluster``.

    Its provenance names the file without the folder, so that results are the same on every machine.

    Raises
    ------
    NotFoundError
        If there is no sample of that name.

    Examples
    --------
    >>> len(sample("shop").nodes)
    5
    """
    path = sample_path(name)
    from kubenetlab.readers import read_bytes

    return read_bytes(path.name, path.read_bytes(), strict)
