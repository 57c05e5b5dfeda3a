"""No declared field may be spelled in a way that the API does not: unknown fields are skipped silently."""

from pathlib import Path

import msgspec
import pytest
import yaml

from kubenetlab.objects import KINDS
from kubenetlab.objects.api_object import api_name

SAMPLE = Path(__file__).with_name("every_field.yaml")
OF_OURS = {("Pod", "is_planned")}  # not of the API


def structs_in(value):
    """Every Struct within a value, itself included."""
    if isinstance(value, msgspec.Struct):
        yield value
        for field in value.__struct_fields__:
            yield from structs_in(getattr(value, field))
    elif isinstance(value, tuple):
        for entry in value:
            yield from structs_in(entry)


def types_in(kind):
    """Every Struct type that a kind's fields can hold."""
    seen, waiting = set(), [kind]
    while waiting:
        for candidate in walk(waiting.pop()):
            if candidate not in seen:
                seen.add(candidate)
                waiting += [field.type for field in msgspec.structs.fields(candidate)]
    return seen


def walk(type_):
    """The Struct types in an annotation."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        yield type_
    for argument in getattr(type_, "__args__", ()):
        yield from walk(argument)


def filled_fields():
    documents = {document["kind"]: document for document in yaml.safe_load_all(SAMPLE.read_text())}
    values = [msgspec.convert(documents[kind.kind], kind.type) for kind in KINDS]
    filled = set()
    for value in values:
        for struct in structs_in(value):
            defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
            filled |= {
                (type(struct).__name__, name)
                for name in defaults
                if getattr(struct, name) != empty(struct, name)
            }
    return filled


def empty(struct, name):
    """What a field is when the API sends nothing."""
    field = next(field for field in msgspec.structs.fields(struct) if field.name == name)
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def declared_fields():
    types = {type_ for kind in KINDS for type_ in types_in(kind.type)}
    return {(type_.__name__, field.name) for type_ in types for field in msgspec.structs.fields(type_)}


def test_objects__every_declared_field_is_filled_by_a_sample():
    # a subclass declares its base's fields again; one of the family being filled shows that the spelling is right
    assert declared_fields() - filled_fields() - inherited_elsewhere() == set()


def inherited_elsewhere():
    """Fields of workload kinds and templates that a sibling with the same base fills."""
    filled = filled_fields()
    families = [
        {kind.type.__name__ for kind in KINDS if kind.type.__module__.endswith("workload")},
        {"PodSpec", "TemplateSpec", "DaemonTemplateSpec"},
        {"PodTemplate", "DaemonTemplate"},
        {"WorkloadSpec", "DaemonSetSpec"},
        {"Container", "TemplateContainer"},
    ]
    return {
        (name, field)
        for family in families
        for name, field in declared_fields()
        if name in family and any((sibling, field) in filled for sibling in family)
    }


def test_objects__a_misspelt_field_would_be_noticed():
    class Wrong(msgspec.Struct, rename="camel"):
        pod_cidr: str = ""

    assert msgspec.convert({"podCIDR": "10.0.0.0/24"}, Wrong).pod_cidr == ""


@pytest.mark.parametrize(
    ("field", "spelling"),
    [
        ("pod_cidrs", "podCIDRs"),
        ("host_ip", "hostIP"),
        ("cluster_ips", "clusterIPs"),
        ("external_ips", "externalIPs"),
        ("load_balancer_ip", "loadBalancerIP"),
        ("client_ip", "clientIP"),
        ("provider_id", "providerID"),
        ("ip_family_policy", "ipFamilyPolicy"),
        ("except_", "except"),
    ],
)
def test_api_name__spells_as_the_api_does(field, spelling):
    assert api_name(field) == spelling
