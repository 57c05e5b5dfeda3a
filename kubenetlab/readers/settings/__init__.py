"""The assumption ledger: every setting that a model needs, read, inferred, defaulted, or honestly unknown."""

from kubenetlab.readers.settings.ledger import FoundSettings, find_settings

__all__ = ["FoundSettings", "find_settings"]
