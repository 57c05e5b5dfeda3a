"""Configuration in raw items: ConfigMaps, command lines, kubeadm, k3s."""

import json

import yaml

from tests.findings.brute_force_dump import annotations, each, get, name, template


def config_maps(dump, *names):
    """Data of the ConfigMaps with one of the names, in the order of the names."""
    return [
        item.get("data") or {}
        for wanted in names
        for item in dump.by_kind["ConfigMap"]
        if name(item) == wanted
    ]


def documents(dump, *names):
    """YAML mappings in the values of the ConfigMaps with one of the names."""
    found = []
    for data in config_maps(dump, *names):
        for text in data.values():
            try:
                found += [d for d in yaml.safe_load_all(text) if isinstance(d, dict)]
            except yaml.YAMLError:
                continue
    return found


def pod_specs(dump):
    """Specs of all pods and of all workloads' templates."""
    return [get(p, "spec") or {} for p in dump.by_kind["Pod"]] + [
        get(template(w), "spec") or {} for w in dump.workloads
    ]


def words(container):
    """The words of a container's command line, also inside ``sh -c`` texts."""
    return [w for part in each(container, "command") + each(container, "args") for w in str(part).split()]


def flag(dump, component, option):
    """Value of ``--option`` on the command line of a component's container, or None."""
    for spec in pod_specs(dump):
        for container in each(spec, "containers"):
            line = words(container)
            if container.get("name") == component or any(w.rpartition("/")[2] == component for w in line):
                value = flag_in(line, option)
                if value:
                    return value
    return None


def flags_of(dump, component):
    """All words with two dashes on the command lines of a component's containers."""
    return [
        word
        for spec in pod_specs(dump)
        for container in each(spec, "containers")
        if container.get("name") == component
        or any(w.rpartition("/")[2] == component for w in words(container))
        for word in words(container)
        if word.startswith("--")
    ]


def flag_in(line, option):
    """Value of ``--option value`` or ``--option=value`` in the words of a command line, or None."""
    for at, word in enumerate(line):
        if word.startswith(f"--{option}="):
            return word.partition("=")[2].strip("\"'")
        if word == f"--{option}" and at + 1 < len(line):
            return line[at + 1]
    return None


def k3s_flag(dump, option):
    """Value of an option in the k3s.io/node-args annotation of a node, or None."""
    for node in dump.by_kind["Node"]:
        line = json.loads(annotations(node).get("k3s.io/node-args") or "[]")
        value = flag_in(line, option)
        if value:
            return value
    return None


def kubeadm(dump, *path):
    """A value of kubeadm's ClusterConfiguration, or None."""
    for document in documents(dump, "kubeadm-config"):
        if document.get("kind") == "ClusterConfiguration" and get(document, *path):
            return get(document, *path)
    return None


def kubeadm_extra_arg(dump, component, option):
    """An extra argument of kubeadm: a mapping up to v1beta3, a list of name and value since v1beta4."""
    extra = kubeadm(dump, component, "extraArgs") or {}
    if isinstance(extra, list):
        extra = {entry.get("name"): entry.get("value") for entry in extra}
    return extra.get(option)


def any_node(dump, test):
    return any(test(node) for node in dump.by_kind["Node"])
