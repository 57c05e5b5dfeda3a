"""A dump that can be shared: the same structure, sizes and findings, other names and addresses."""

from kubenetlab.anonymize.sharing import Anonymized, SharedFile, anonymize

__all__ = ["Anonymized", "SharedFile", "anonymize"]
