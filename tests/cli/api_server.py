"""A loopback API server that serves discovery and lists, as far as ``kubectl get`` asks; it remembers every request."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RESOURCES = {
    "v1": {
        "nodes": ("Node", False),
        "namespaces": ("Namespace", False),
        "pods": ("Pod", True),
        "services": ("Service", True),
        "endpoints": ("Endpoints", True),
        "configmaps": ("ConfigMap", True),
        "secrets": ("Secret", True),
    },
    "apps/v1": {"deployments": ("Deployment", True), "replicasets": ("ReplicaSet", True)},
    "discovery.k8s.io/v1": {"endpointslices": ("EndpointSlice", True)},
    "crd.projectcalico.org/v1": {"ippools": ("IPPool", False)},
}


def path_of(group_version):
    return f"/api/{group_version}" if group_version == "v1" else f"/apis/{group_version}"


def discovery(resources):
    """The documents of discovery by path."""
    documents = {"/api": {"kind": "APIVersions", "versions": ["v1"]}}
    groups = []
    for group_version, kinds in resources.items():
        group, _, version = group_version.rpartition("/")
        entry = {"groupVersion": group_version, "version": version}
        if group:
            groups.append({"name": group, "versions": [entry], "preferredVersion": entry})
        documents[path_of(group_version)] = {
            "kind": "APIResourceList",
            "groupVersion": group_version,
            "resources": [
                {
                    "name": name,
                    "singularName": "",
                    "namespaced": namespaced,
                    "kind": kind,
                    "verbs": ["get", "list"],
                }
                for name, (kind, namespaced) in kinds.items()
            ],
        }
    documents["/apis"] = {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    return documents


def lists(resources, items):
    """An empty list for every resource, or its items; and single ConfigMaps."""
    documents = {}
    for group_version, kinds in resources.items():
        for name, (kind, _) in kinds.items():
            document = {
                "kind": f"{kind}List",
                "apiVersion": group_version,
                "metadata": {"resourceVersion": "1"},
            }
            documents[f"{path_of(group_version)}/{name}"] = {**document, "items": items.get(name, [])}
    for config_map in items.get("configmaps", []):
        metadata = config_map["metadata"]
        documents[f"/api/v1/namespaces/{metadata['namespace']}/configmaps/{metadata['name']}"] = config_map
    return documents


def status(code, reason, message):
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }


@contextmanager
def api_server(items, forbidden=(), without=()):
    """Yield the server's address and the list of requests (method, path) that it answered."""
    resources = {
        group_version: {name: kind for name, kind in kinds.items() if name not in without}
        for group_version, kinds in RESOURCES.items()
    }
    documents = {**discovery(resources), **lists(resources, items)}
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            path = self.path.partition("?")[0]
            requests.append((self.command, path))
            if path.rpartition("/")[2] in forbidden:
                self.send(403, status(403, "Forbidden", f"{path} is forbidden: User cannot list it"))
            elif path in documents:
                self.send(200, documents[path])
            else:
                self.send(404, status(404, "NotFound", f"{path} not found"))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 (http.server's names)

        def send(self, code, document):
            body = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def kubeconfig(folder, address):
    """Write a kubeconfig with two contexts, of which the current one leads nowhere; return the environment."""
    clusters = {"here": address, "nowhere": "http://127.0.0.1:9"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "nowhere",
        "clusters": [{"name": name, "cluster": {"server": server}} for name, server in clusters.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "me"}} for name in clusters],
        "users": [{"name": "me", "user": {}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return {"KUBECONFIG": str(path), "HOME": str(folder)}
