"""A text of every form, and the columns that it needs."""

import json

from kubenetlab.samples import shipped_folder

NONE = (None, None)


def flow(port, pod="shop/cart-1", flags=("SYN",), verdict="FORWARDED", **more):
    """A line of ``hubble observe -o json``, as Cilium 1.16 prints it, shortened."""
    namespace, name = pod.split("/")
    found = {
        "time": "2026-01-01T00:00:00.000000001Z",
        "verdict": verdict,
        "IP": {"source": "10.0.1.9", "destination": f"10.0.2.{len(name)}", "ipVersion": "IPv4"},
        "l4": {"TCP": {"source_port": port, "destination_port": 8080, "flags": dict.fromkeys(flags, True)}},
        "source": {"namespace": "shop", "pod_name": "web-1"},
        "destination": {
            "namespace": namespace,
            "pod_name": name,
            "workloads": [{"name": "cart", "kind": "Deployment"}],
        },
        "Type": "L3_L4",
        "traffic_direction": "INGRESS",
        "trace_observation_point": "TO_ENDPOINT",
        "is_reply": False,
        **more,
    }
    return json.dumps({"flow": found, "node_name": "worker"}, separators=(",", ":")) + "\n"


def range_query(*series):
    """Prometheus' answer: series as (labels, values); a sample every 30 s."""
    result = [
        {"metric": labels, "values": [[1767225600 + 30 * n, str(value)] for n, value in enumerate(values)]}
        for labels, values in series
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


NGINX = (
    '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8.5.0" 10.1.0.1:8080 0.003\n'
    '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8.5.0" 10.1.0.2:8080, 10.1.0.1:8080 0.1\n'
    '192.0.2.1 - - [01/Jan/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8.5.0" 10.1.0.2:8080 0.002\n'
    '192.0.2.1 - - [01/Jan/2026:00:00:01 +0000] "GET / HTTP/1.1" 499 0 "-" "curl/8.5.0" - -\n'
)
TEXTS = {
    "conntrack": ((shipped_folder("data") / "counts" / "003-dead-endpoint.conntrack").read_text(), NONE),
    "hubble": (flow(1) + flow(2, "shop/cart-22"), NONE),
    "prometheus": (range_query(({"pod": "a"}, [1, 5]), ({"pod": "b"}, [2, 3])), NONE),
    "log": (NGINX, (-2, None)),
    "json": ('{"10.1.0.1:80": 3, "10.1.0.2:80": 4}', NONE),
    "uniq": ("     60 cart-1\n     10 cart-2\n", NONE),
    "csv": ("pod;requests\ncart-1;60\ncart-2;10\n", NONE),
}
