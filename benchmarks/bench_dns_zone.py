"""The zone of a large cluster as a table, and the first answer of a plugin that was just made.

    python benchmarks/bench_dns_zone.py [--services 10000] [--endpoints 10] [--runs 5]

One Service in ten is headless. Both are measured on one core, without imports; the table must take at most 2 s.
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from ipaddress import ip_address

import pandas as pd  # noqa: F401

from kubenetlab.cluster import Cluster
from kubenetlab.dns.records import KubernetesRecords
from kubenetlab.dns.records.zone import zone_records
from kubenetlab.objects import Endpoint, EndpointSlice, Metadata, Namespace, Service, ServicePort
from kubenetlab.objects.service import EndpointPort, ServiceSpec
from kubenetlab.samples import sample

MOST_S = 2.0
N_NAMESPACES = 100


def address(base, number):
    return str(ip_address(base) + number)


def service(number):
    ip = "None" if number % 10 == 0 else address("10.96.0.1", number)
    about = Metadata(name=f"web-{number}", namespace=f"team-{number % N_NAMESPACES}")
    return Service(
        about, ServiceSpec(cluster_ip=ip, cluster_ips=(ip,), ports=(ServicePort(80, name="http"),))
    )


def endpoint_slice(number, n_endpoints):
    about = Metadata(
        name=f"web-{number}-abcde",
        namespace=f"team-{number % N_NAMESPACES}",
        labels={"kubernetes.io/service-name": f"web-{number}"},
    )
    addresses = (address("10.128.0.1", number * n_endpoints + n) for n in range(n_endpoints))
    endpoints = tuple(Endpoint(addresses=(ip,)) for ip in addresses)
    return EndpointSlice(about, endpoints=endpoints, ports=(EndpointPort(name="http", port=8080),))


def large_cluster(n_services, n_endpoints):
    return Cluster(
        namespaces=tuple(Namespace(Metadata(name=f"team-{n}")) for n in range(N_NAMESPACES)),
        services=tuple(map(service, range(n_services))),
        endpoint_slices=tuple(endpoint_slice(n, n_endpoints) for n in range(n_services)),
    )


def seconds(work, n_runs):
    times = []
    for _ in range(n_runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def main(n_services, n_endpoints, n_runs):
    cluster = large_cluster(n_services, n_endpoints)
    n_rows = len(zone_records(cluster).frame)
    zone_s = seconds(lambda: zone_records(cluster), n_runs)
    print(
        f"{n_services:,} Services, {n_services * n_endpoints:,} endpoints: {n_rows:,} records in {zone_s:.2f} s"
    )
    middle = sample("platform")
    for name, type in (("kubernetes.default.svc.cluster.local", "A"), ("1.0.96.10.in-addr.arpa", "PTR")):
        first_s = seconds(lambda name=name, type=type: KubernetesRecords(middle).answer(name, type), n_runs)
        print(f"first answer of the sample platform, {type}: {first_s * 1e3:.1f} ms")
    assert zone_s <= MOST_S or n_services > 10_000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--endpoints", type=int, default=10)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    main(options.services, options.endpoints, options.runs)
