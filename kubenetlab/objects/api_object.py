"""What every API object is made of: frozen values whose fields carry the API's own names."""

from typing import Annotated

import msgspec

_CAPITALS = {"ip": "IP", "ips": "IPs", "cidr": "CIDR", "cidrs": "CIDRs", "id": "ID"}


def api_name(field: str) -> str:
    """Return the API's spelling of a snake_case field.

    >>> [api_name(f) for f in ("pod_cidr", "cluster_ips", "provider_id", "target_port", "from_")]
    ['podCIDR', 'clusterIPs', 'providerID', 'targetPort', 'from']
    """
    first, *rest = field.rstrip("_").split("_")
    return first + "".join(_CAPITALS.get(word, word.capitalize()) for word in rest)


class ApiObject(msgspec.Struct, frozen=True, rename=api_name, gc=False, omit_defaults=True):
    """A value of the Kubernetes API; only the fields that a model uses."""


Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
OptionalPort = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class OwnerReference(ApiObject, frozen=True):
    """The object that made this one."""

    kind: str
    name: str
    controller: bool = False


class Metadata(ApiObject, frozen=True):
    """Name, labels and owners of an object."""

    name: str
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    deletion_timestamp: str = ""
    creation_timestamp: str = ""

    @property
    def full_name(self) -> str:
        """``namespace/name``, or the name alone for what has no namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object, if one does."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class LabelSelectorRequirement(ApiObject, frozen=True):
    """One expression of a label selector: In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: Annotated[str, msgspec.Meta(pattern="^(In|NotIn|Exists|DoesNotExist)$")]
    values: tuple[str, ...] = ()


class LabelSelector(ApiObject, frozen=True):
    """All of its labels and all of its expressions must match; empty matches everything."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class ObjectReference(ApiObject, frozen=True):
    """A pointer to another object."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class Condition(ApiObject, frozen=True):
    """A condition of a status: ``status`` is "True", "False" or "Unknown"."""

    type: str
    status: str = ""
    reason: str = ""
