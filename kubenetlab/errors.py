"""What can go wrong, in one family: everything kubenetlab raises on purpose is a ``KubenetlabError``."""

from typing import NamedTuple


class KubenetlabError(Exception):
    """Base of every error that kubenetlab raises on purpose; its text is one line for a person."""


class UnreadableError(KubenetlabError):
    """Nothing can be read from a source: no file, no text, no document, or nothing but Secrets."""


class Refusal(NamedTuple):
    """One item of a source that was left out, and why.

    ``file`` where it stood, ``object`` as ``Kind namespace/name``, ``field`` as the API writes its path
    (``spec.ports[0].port``), ``found`` the value there and ``expected`` the rule it breaks.
    """

    file: str
    object: str
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        """Return the refusal as one line."""
        return f"{self.file}: {self.object}: {self.field}: found {self.found}, expected {self.expected}"


class ManifestError(KubenetlabError):
    """An item of a source is not what the Kubernetes API allows (raised in strict reading)."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class NotFoundError(KubenetlabError):
    """The cluster holds no object of that name, kind or address."""


class AddressError(KubenetlabError, ValueError):
    """A text that should be an IP address or a range is neither."""


class SettingError(KubenetlabError, ValueError):
    """A setting that a caller gave does not exist, or cannot have that value."""
