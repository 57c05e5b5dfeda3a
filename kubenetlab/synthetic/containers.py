"""Containers of synthetic pods: ports, environment, probes, volumes and status."""

from kubenetlab.synthetic.draft import Draft, Json, PodRecord, Workload

_READINESS_PROBE: Json = {
    "failureThreshold": 3,
    "httpGet": {"path": "/healthz/ready", "port": 8080, "scheme": "HTTP"},
    "periodSeconds": 5,
    "successThreshold": 1,
    "timeoutSeconds": 1,
}


def ports_of(workload: Workload) -> list[Json]:
    """Return the ports of a workload's main container."""
    return [
        {"containerPort": port, "name": name, "protocol": protocol} for name, port, protocol in workload.ports
    ]


def slim_container(workload: Workload) -> Json:
    """Return a container with what a model reads and no more."""
    found: Json = {"image": workload.image, "name": workload.name}
    if workload.ports:
        found["ports"] = ports_of(workload)
    if workload.command:
        found["command"] = list(workload.command)
    if workload.env:
        found["env"] = [{"name": name, "value": value} for name, value in workload.env.items()]
    return found


def container(workload: Workload) -> Json:
    """Return a container with everything that real ones have."""
    slim = slim_container(workload)
    return slim | {
        "env": [*slim.get("env", ()), *_environment(workload)],
        "imagePullPolicy": "IfNotPresent",
        "readinessProbe": _READINESS_PROBE,
        "resources": {
            "limits": {"memory": "512Mi"},
            "requests": {"cpu": "150m", "memory": "256Mi"},
        },
        "securityContext": {"allowPrivilegeEscalation": False},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": _mounts(),
    }


def volumes(draft: Draft, workload: Workload) -> list[Json]:
    """Return the volumes of a pod: the service account's token."""
    end = draft.identity.suffix(5, "volume", workload.object)
    sources: list[Json] = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        {
            "downwardAPI": {
                "items": [
                    {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}
                ]
            }
        },
    ]
    return [
        {"name": f"kube-api-access-{end}", "projected": {"defaultMode": 420, "sources": sources}},
    ]


def container_status(draft: Draft, pod: PodRecord, spec: Json, *, is_finished: bool, runtime: str) -> Json:
    """Return the status of a container."""
    digest = draft.identity.hexadecimal(pod.name, spec["name"])
    started = draft.identity.moment(pod.name)
    running: Json = {"running": {"startedAt": started}}
    finished: Json = {
        "terminated": {
            "containerID": f"{runtime.partition(':')[0]}://{digest}",
            "exitCode": 0,
            "finishedAt": started,
            "reason": "Completed",
            "startedAt": started,
        }
    }
    return {
        "containerID": f"{runtime.partition(':')[0]}://{digest}",
        "image": spec["image"],
        "imageID": f"{spec['image'].partition(':')[0]}@sha256:{digest[::-1]}",
        "lastState": {},
        "name": spec["name"],
        "ready": pod.is_ready and not is_finished,
        "restartCount": 0,
        "started": not is_finished,
        "state": finished if is_finished else running,
    }


def _environment(workload: Workload) -> list[Json]:
    password = {"key": "password", "name": f"{workload.name}-database"}
    return [{"name": "DATABASE_PASSWORD", "valueFrom": {"secretKeyRef": password}}]


def _mounts() -> list[Json]:
    return [
        {
            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            "name": "kube-api-access",
            "readOnly": True,
        },
    ]
