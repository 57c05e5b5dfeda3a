"""KNL502 to KNL512 by brute force."""

import re
from collections import Counter

from tests.findings.brute_force_dump import each, get, name, namespace, network, object_name, template
from tests.findings.brute_force_settings import dns_services

DOMAIN = "cluster.local"  # of every cluster in these tests
SVC = ["svc", "cluster", "local"]


def services_named_as_namespaces(dump):
    """KNL502: a Service whose name another Namespace of the dump has."""
    there = {name(n) for n in dump.by_kind["Namespace"]}
    return {object_name(s) for s in dump.by_kind["Service"] if name(s) in there - {namespace(s), "default"}}


def pods(dump):
    """(object, namespace, spec) of workloads without an owner, and of unfinished pods that no workload can have made."""
    for workload in dump.workloads:
        if not each(workload, "metadata", "ownerReferences"):
            yield object_name(workload), namespace(workload), template(workload).get("spec") or {}
    for pod in dump.by_kind["Pod"]:
        is_made = any(o.get("controller") for o in each(pod, "metadata", "ownerReferences"))
        is_finished = get(pod, "status", "phase") in ("Succeeded", "Failed")
        if not is_finished and not (is_made and dump.workloads):
            yield object_name(pod), namespace(pod), pod.get("spec") or {}


def asks_cluster_dns(spec):
    policy = spec.get("dnsPolicy") or "ClusterFirst"
    return policy == "ClusterFirstWithHostNet" or (policy == "ClusterFirst" and not spec.get("hostNetwork"))


def domains(home, spec):
    """The search list: three domains of the cluster, then what the pod adds, each once."""
    own = [f"{home}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN] if asks_cluster_dns(spec) else []
    found = []
    for domain in own + each(spec, "dnsConfig", "searches"):
        if domain not in found:
            found.append(domain)
    return found


def long_search_lines(dump):
    """KNL503: a search list of more than 247 characters, after the kubelet's cut."""
    return {who for who, home, spec in pods(dump) if len(" ".join(cut(domains(home, spec)))) > 247}


def cut(searches):
    kept = [s for s in searches[:32] if len(s) < 254]
    while len(" ".join(kept)) > 2048:
        kept = kept[:-1]
    return kept


def is_musl(spec):
    containers = each(spec, "containers") + [
        c for c in each(spec, "initContainers") if c.get("restartPolicy") == "Always"
    ]
    words = [word for c in containers for word in re.findall("[a-z]+", (c.get("image") or "").lower())]
    return "alpine" in words or "musl" in words


def low_ndots(dump):
    """KNL504: cluster DNS, ndots 0, 1 or 2 in dnsConfig (the last one counts), alpine or musl in an image."""
    found = set()
    for who, _, spec in pods(dump):
        given = [o.get("value") for o in each(spec, "dnsConfig", "options") if o.get("name") == "ndots"]
        if given and given[-1] in ("0", "1", "2") and is_musl(spec) and asks_cluster_dns(spec):
            found.add(who)
    return found


def long_answers(dump):
    """KNL505: a headless Service with ready addresses of one family that do not fit a message of 512 bytes."""
    found = set()
    for service in dump.by_kind["Service"]:
        if get(service, "spec", "clusterIP") != "None" or get(service, "spec", "type") == "ExternalName":
            continue
        question = (
            sum(1 + len(label) for label in [name(service), namespace(service), "svc", "cluster", "local"])
            + 1
            + 4
        )
        ready = {address for address, _, _, is_ready in dump.endpoints_of(service) if is_ready}
        six = sum(":" in address for address in ready)
        if 12 + question + 28 * six > 512 or 12 + question + 16 * (len(ready) - six) > 512:
            found.add(object_name(service))
    return found


def corefiles(dump):
    """(object, lines of a server block with plugin kubernetes): words and depth of braces of each line."""
    for config_map in dump.by_kind["ConfigMap"]:
        depth, block = 0, []
        for line in (get(config_map, "data", "Corefile") or "").splitlines():
            words = line.split("#")[0].split()
            block.append((depth, [w for w in words if w not in ("{", "}")]))
            depth += words.count("{") - words.count("}")
            if depth == 0:
                if any(level == 1 and w[:1] == ["kubernetes"] for level, w in block):
                    yield object_name(config_map), [b for b in block if b[1]]
                block = []


def options_of(block, plugin):
    """Options of a plugin, or None where the block has it not."""
    found, is_inside = None, False
    for depth, words in block:
        if depth == 1:
            is_inside = words[0] == plugin
            found = [words] if is_inside else found
        elif is_inside:
            found.append(words)
    return found


def uncached_zones(dump):
    """KNL506: no cache, one for other zones, or one that disables success or denial for the zone or what holds it."""
    found = set()
    for who, block in corefiles(dump):
        keys = [key.split(":")[0] for key in block[0][1]]
        zones = [z for z in options_of(block, "kubernetes")[0][1:] or keys if "arpa" not in z]
        cache = options_of(block, "cache")
        served = [word for word in (cache or [[]])[0][1:] if not word.isdigit()]
        off = [
            words
            for words in cache or []
            if words[0] == "disable" and (len(words) == 2 or is_within(zones, words[2:]))
        ]
        if cache is None or off or (served and not is_within(zones, served)):
            found.add(who)
    return found


def is_within(zones, others):
    """Whether one of some zones is one of the others or below it."""
    labels = [[z.strip(".").lower().split(".") for z in some] for some in (zones, others)]
    return any(o == [""] or zone[-len(o) :] == o for zone in labels[0] for o in labels[1])


def idle_autopath(dump):
    """KNL512: autopath @kubernetes where plugin kubernetes has no option pods verified."""
    return {
        who
        for who, block in corefiles(dump)
        if "@kubernetes" in (options_of(block, "autopath") or [[]])[0]
        and ["pods", "verified"] not in options_of(block, "kubernetes")
    }


def small_memory_limits(dump):
    """KNL507: a limit in Mi below 54 MB and a thousandth of pods and Services; with autopath 56 MB and a 250th."""
    number = len(dump.by_kind["Pod"]) + len(dump.by_kind["Service"])
    has_autopath = any(options_of(block, "autopath") for _, block in corefiles(dump))
    wanted = 56 + number / 250 if has_autopath else 54 + number / 1000
    found = set()
    for workload in dump.workloads:
        for container in each(template(workload), "spec", "containers"):
            limit = get(container, "resources", "limits", "memory")
            is_small = limit and int(limit.removesuffix("Mi")) * 1.048576 < wanted
            is_coredns = "coredns" in (container.get("image") or "") and namespace(workload) == "kube-system"
            if is_small and is_coredns and not each(workload, "metadata", "ownerReferences"):
                found.add(object_name(workload))
    return found


def dead_external_names(dump):
    """KNL508: an ExternalName whose chain ends at a missing Service or a short name, or has more than 11 names."""
    return {
        object_name(s)
        for s in dump.by_kind["Service"]
        if get(s, "spec", "type") == "ExternalName" and is_dead(dump, s)
    }


def is_dead(dump, service):
    """Walk the chain: a twelfth ExternalName is one too many."""
    for _ in range(11):
        target = get(service, "spec", "externalName") or ""
        labels = target.lower().rstrip(".").split(".")
        following = (
            dump.services.get((labels[1], labels[0])) if labels[2:] == SVC and not network(target) else None
        )
        if get(following, "spec", "type") != "ExternalName":
            break
        service = following
    else:
        return True
    return not network(target) and not following and is_dead_end(dump, labels, namespace(service))


def is_dead_end(dump, labels, home):
    """A whole name, where the dump shows Services of the namespace or of two; or a short name of a Service."""
    homes = {namespace(s) for s in dump.by_kind["Service"]}
    if labels[2:] == SVC:
        return labels[1] in homes or len(homes) > 1
    return labels[2:] in ([], ["svc"]) and ((labels[1:] or [home])[0], labels[0]) in dump.services


def one_dns_replica(dump):
    """KNL509: a DNS Service with one address of each family behind it, or one pod to come, and two nodes or more."""
    found = set()
    for service in dns_services(dump):
        families = Counter(
            ":" in address for address in {address for address, *_ in dump.endpoints_of(service)}
        )
        deployments = [w for w in dump.selected_workloads(service) if w["kind"] == "Deployment"]
        n_to_come = sum((w.get("spec") or {}).get("replicas", 1) for w in deployments)
        is_alone = set(families.values()) == {1} or (not families and n_to_come == 1)
        if is_alone and len(dump.by_kind["Node"]) > 1:
            found.add(object_name(service))
    return found


def without_cluster_dns(dump):
    """KNL510: hostNetwork and the default dnsPolicy, in a namespace that is not the system's."""
    return {
        who
        for who, home, spec in pods(dump)
        if spec.get("hostNetwork")
        and spec.get("dnsPolicy") in (None, "ClusterFirst")
        and not home.startswith(("kube-", "openshift-"))
        and not home.endswith("-system")
    }


def not_as_written(dump):
    """KNL511: dnsPolicy None and no nameserver; or more than 3 nameservers, or more domains than the kubelet takes."""
    found = set()
    for who, home, spec in pods(dump):
        servers = set(each(spec, "dnsConfig", "nameservers"))
        n_servers = len(servers) + asks_cluster_dns(spec)
        searches = domains(home, spec)
        is_cut = n_servers > 3 or cut(searches) != searches
        if is_cut or (spec.get("dnsPolicy") == "None" and not servers):
            found.add(who)
    return found


RULES = {
    "KNL502": services_named_as_namespaces,
    "KNL503": long_search_lines,
    "KNL504": low_ndots,
    "KNL505": long_answers,
    "KNL506": uncached_zones,
    "KNL507": small_memory_limits,
    "KNL508": dead_external_names,
    "KNL509": one_dns_replica,
    "KNL510": without_cluster_dns,
    "KNL511": not_as_written,
    "KNL512": idle_autopath,
}
