"""The options of CoreDNS' kubernetes plugin, and how they stand in a Corefile."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubenetlab.dns.records.zones import is_reverse, normalized
from kubenetlab.errors import KubenetlabError
from kubenetlab.objects.api_object import LabelSelector, LabelSelectorRequirement
from kubenetlab.objects.corefile import Directive
from kubenetlab.readers.corefile.durations import duration_fault

POD_MODES = ("disabled", "verified", "insecure")
_REQUIREMENT = re.compile(
    r" ?(?:(!) ?)?([^ =!(),<>]+)(?: ?(==?|!=) ?([^ =!(),<>]*)| (in|notin) ?\(([^()]*)\))? ?(?:,|\Z)"
)
_MANY = 1 << 30
#: What may stand in the block, by the fewest and the most arguments.
_OPTIONS = {
    (0, 0): ("endpoint_pod_names", "noendpoints"),
    (0, _MANY): ("fallthrough", "ignore", "multicluster"),
    (1, 1): ("pods",),
    (1, 2): ("kubeconfig",),
    (1, _MANY): ("namespaces", "endpoint", "labels", "namespace_labels", "ttl", "startup_timeout"),
    (3, 3): ("tls",),
}
_ARGUMENTS = {name: counts for counts, names in _OPTIONS.items() for name in names}


class OptionError(KubenetlabError, ValueError):
    """CoreDNS refuses the kubernetes directive; its text is CoreDNS' own, ``line`` says where."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


class _PlacedError(OptionError):
    """One that CoreDNS says with file and line."""


@dataclass(frozen=True, kw_only=True)
class KubernetesOptions:
    """What the kubernetes plugin of CoreDNS 1.13 is told; the defaults are its own.

    ``zones`` and ``fallthrough`` may be ranges (``10.96.0.0/12``: their reverse zones); an empty ``fallthrough`` is
    every zone, None is none. ``labels`` and ``namespace_labels`` are label selectors as kubectl takes them; ``ttl`` in
    seconds. ``local_ips`` are CoreDNS' own addresses, which decide the NS records; ``serial`` of the SOA record is in
    a cluster the Unix time of the last change. ``multicluster`` are those of its zones that hold ServiceImports: no name of
    them is answered here.

    Raises
    ------
    OptionError
        If CoreDNS would refuse it; it is a ValueError.

    References
    ----------
    .. [1] CoreDNS 1.13.1, plugin/kubernetes/setup.go, ParseStanza; multicluster: PR 7266; the words about it and about
       startup_timeout are not recorded.
    """

    zones: tuple[str, ...] = ("cluster.local.", "in-addr.arpa.", "ip6.arpa.")
    pods: str = "disabled"
    ttl: int = 5
    endpoint_pod_names: bool = False
    namespaces: tuple[str, ...] = ()
    namespace_labels: str = ""
    labels: str = ""
    ignore_empty_service: bool = False
    noendpoints: bool = False
    fallthrough: tuple[str, ...] | None = None
    multicluster: tuple[str, ...] = ()
    local_ips: tuple[str, ...] = ()
    serial: int = 1

    def __post_init__(self) -> None:
        for name in ("zones", "fallthrough", "multicluster"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, normalized(getattr(self, name)))
        if all(map(is_reverse, self.zones)):
            raise OptionError("non-reverse zone name must be used")
        if self.pods not in POD_MODES:
            text = f"wrong value for pods: {self.pods},  must be one of: {', '.join(POD_MODES)}"
            raise OptionError(text)
        if not 0 <= self.ttl <= 3600:
            raise _PlacedError(f"ttl must be in range [0, 3600]: {self.ttl}")
        label_selector(self.labels, "label")
        label_selector(self.namespace_labels, "namespace_label")
        for zone in self.multicluster:
            if zone not in self.zones:
                raise OptionError(f"is not authoritative for the multicluster zone {zone}")

    @property
    def primary_zone(self) -> str:
        """The first zone that is not a reverse one: PTR records name what is below it."""
        return next(zone for zone in self.zones if not is_reverse(zone))

    @classmethod
    def of_directive(
        cls, directive: Directive, server_zones: Sequence[str] = (), *, source: str = "Corefile"
    ) -> "KubernetesOptions":
        """Read the options as CoreDNS does.

        Parameters
        ----------
        directive
            ``kubernetes`` with its zones and block.
        server_zones
            The keys of its server block: the zones of a directive without any.
        source
            The file, as CoreDNS' messages name it.

        Raises
        ------
        OptionError
            If CoreDNS refuses the directive.
        """
        given: dict[str, Any] = {"zones": directive.args or tuple(server_zones)}
        line = directive.line
        try:
            cls(**given)
            for option in directive.block:
                line = option.line
                given |= _read(option, given)
                cls(**given)
            line += 1  # where the block ends, if its brace has a line of its own
            if "namespaces" in given and "namespace_labels" in given:
                raise _PlacedError("namespaces and namespace_labels cannot both be set")
        except OptionError as error:
            place = f"{source}:{line} - Error during parsing: " if isinstance(error, _PlacedError) else ""
            raise OptionError(f"{place}{error}", line) from None
        return cls(**given)


def _read(option: Directive, given: dict[str, Any]) -> dict[str, Any]:
    name, args = option.name, option.args
    if name not in _ARGUMENTS:
        raise _PlacedError(f"unknown property '{name}'")
    fewest, most = _ARGUMENTS[name]
    if not fewest <= len(args) <= most:
        raise _PlacedError(f"Wrong argument count or unexpected line ending after '{(name, *args)[-1]}'")
    if name == "ignore" and args[:1] not in ((), ("empty_service",)):
        raise OptionError(f"unable to parse ignore value: '{args[0]}'")
    if name == "ttl" and not re.fullmatch(r"[+-]?[0-9]{1,18}", args[0]):
        raise OptionError(f'strconv.Atoi: parsing "{args[0]}": invalid syntax')
    fault = duration_fault(args[0]) if name == "startup_timeout" else ""
    if fault:
        raise OptionError(f"failed to parse startup_timeout: {args[0]}, {fault}")
    field = "ignore_empty_service" if name == "ignore" else name
    values = {
        bool: bool(args) or not most,
        int: int(args[0]) if name == "ttl" else 0,
        str: " ".join(args),
        tuple: (*(given.get(field, ()) if name == "namespaces" else ()), *args),
    }
    is_field = field in KubernetesOptions.__dataclass_fields__
    return {field: values.get(type(getattr(KubernetesOptions, field)), args)} if is_field else {}


def label_selector(text: str, option: str = "label") -> LabelSelector:
    """Read a label selector: ``app=web,tier!=db,env in (a, b),!old``.

    Raises
    ------
    OptionError
        If it is none. The end of Kubernetes' own text, which says what was found, is left out.
    """
    requirements, at, plain = [], 0, " ".join(text.split())
    while at < len(plain):
        match = _REQUIREMENT.match(plain, at)
        if not match:
            parser = f'couldn\'t parse the selector string "{text}"'
            raise OptionError(f"unable to parse {option} selector value: '{text}': {parser}")
        absent, key, equal, value, operator, values = match.groups(default="")
        name = "In" if equal or operator else "Exists"
        if "!" in equal or operator == "notin":
            name = "NotIn"
        wanted = (value,) if equal else tuple(part.strip() for part in values.split(","))
        name = "DoesNotExist" if absent else name
        requirements.append(LabelSelectorRequirement(key=key, operator=name, values=wanted))
        at = match.end()
    return LabelSelector(match_expressions=tuple(requirements))
