"""How the recordings of CoreDNS' kubernetes plugin are split and answered; rows in golden_models."""

from dataclasses import replace
from functools import lru_cache

import msgspec

from kubenetlab.cluster import Cluster
from kubenetlab.dns.records import KubernetesOptions, KubernetesRecords
from kubenetlab.dns.records.options import OptionError
from kubenetlab.objects import KINDS
from kubenetlab.objects.dns_message import Answer, Rcode, Record
from kubenetlab.readers.corefile import corefile_from_text

_NOT_COMPARED = {"name", "type", "tc", "wire_bytes_uncompressed"}  # truncation was not recorded
_KINDS = {kind.kind: kind for kind in KINDS}


def not_modelled(what):
    """The error of an input that no model covers; its module imports this one."""
    from tests.golden_models import NotModelledError

    return NotModelledError(what)


def split_answer(recording):
    """Inputs: the cluster, the stanza, what upstream answers, one query; recorded: what the plugin answered."""
    query, answer = (
        recording.document["queries"][recording.index],
        recording.document["answers"][recording.index],
    )
    recorded = {name: value for name, value in answer.items() if name not in _NOT_COMPARED}
    recorded |= {name: _ordered(recorded[name]) for name in ("answer", "extra", "ns") if name in recorded}
    return (str(recording.path), recording.document, query), recorded


def _ordered(lines):
    """Aliases in their order, then the other records sorted: CoreDNS' order of these is that of a Go map."""
    aliases = [line for line in lines if " IN CNAME " in line]
    return aliases + sorted(line for line in lines if line not in aliases)


def split_config(recording):
    """Inputs: the whole document; recorded: why the stanza was refused."""
    return recording.document, recording.document["config_error"]


def config_error(document):
    """CoreDNS' own text."""
    try:
        options_of(document)
    except OptionError as error:
        return str(error)
    return ""


def answer_query(inputs):
    """What the plugin answers, as it was recorded."""
    path, document, query = inputs
    if query["name"].lower().rstrip(".").endswith(_multicluster_zones(document)):
        raise not_modelled("a zone of ServiceImports")
    answer = records_of(_Document(path, document)).answer(query["name"], query["type"])
    if answer is None:
        return {"passed_to_next_plugin": True}
    return {
        "aa": answer.is_authoritative,
        "answer": _ordered(list(map(str, answer.answer))),
        "extra": _ordered(list(map(str, answer.additional))),
        "ns": _ordered(list(map(str, answer.authority))),
        "rcode": str(answer.rcode),
        "verdict": answer.verdict,
    }


class _Document:
    """A document, equal to another one of the same file."""

    def __init__(self, path, document):
        self.path, self.document = path, document

    def __eq__(self, other):
        return self.path == other.path and self.document is other.document

    def __hash__(self):
        return hash(self.path)


@lru_cache(maxsize=4)
def records_of(held):
    document = held.document
    return KubernetesRecords(
        cluster_of(document["objects"]), options_of(document), _upstream(document.get("upstream") or ())
    )


def options_of(document):
    options = KubernetesOptions.of_directive(_directive_of(document), source="Testfile")
    return replace(options, local_ips=tuple((document.get("options") or {}).get("local_ips") or ()))


def _directive_of(document):
    """The stanza, which stands alone, with or without braces."""
    (block,) = corefile_from_text(f". {{\n{document['corefile']}\n}}").blocks
    if [directive.name for directive in block.directives] != ["kubernetes"]:
        raise not_modelled("a Corefile that is not one kubernetes directive")
    return _one_line_up(block.directives[0])


def _one_line_up(directive):
    """A directive with its own first line as line 1, as the recorder counted."""
    block = tuple(option._replace(line=option.line - 1) for option in directive.block)
    return directive._replace(line=directive.line - 1, block=block)


def _multicluster_zones(document):
    zones = (option.args for option in _directive_of(document).block if option.name == "multicluster")
    return tuple(zone.lower().rstrip(".") for args in zones for zone in args)


def cluster_of(objects):
    kinds = {}
    for value in objects:
        if value["kind"] not in _KINDS:
            raise not_modelled(f"objects of kind {value['kind']}")
        kind = _KINDS[value["kind"]]
        kinds.setdefault(kind.plural, []).append(msgspec.convert(value, kind.type))
    return Cluster(**{plural: tuple(values) for plural, values in kinds.items()})


def _upstream(rules):
    known = {(rule["Name"], rule["Type"]): rule for rule in rules}

    def upstream(name, type):
        rule = known.get((name, type))
        if rule is None:
            return Answer(Rcode.NXDOMAIN)
        records = (line.split(maxsplit=4) for line in rule.get("Records") or ())
        return Answer(
            Rcode(rule.get("Rcode") or "NOERROR"),
            tuple(Record(name, type, int(ttl), data) for name, ttl, _, type, data in records),
        )

    return upstream
