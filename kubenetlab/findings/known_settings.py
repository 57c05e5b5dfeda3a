"""Settings that the dump itself shows: read or inferred, never a default."""

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.addresses import setting_ranges
from kubenetlab.result import Origin, Setting

_SHOWN = (Origin.READ, Origin.INFERRED)


def known(cluster: Cluster, name: str) -> Setting | None:
    """Return a setting with a value that was read or inferred, else None."""
    setting = cluster.settings.get(name)
    return setting if setting and setting.value and setting.origin in _SHOWN else None


def read_ranges(cluster: Cluster, name: str) -> tuple[str, ...]:
    """Return the ranges of a setting that stands in the dump; inferred ranges may be too wide or too narrow."""
    setting = known(cluster, name)
    return setting_ranges(setting) if setting and setting.origin is Origin.READ else ()
