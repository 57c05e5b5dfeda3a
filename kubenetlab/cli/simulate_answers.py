"""What ``kubenetlab simulate`` finds out about a Service: one result a question, in the order in which people ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from math import inf, isnan
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import click
import numpy as np
import pandas as pd
from click.core import ParameterSource

from kubenetlab.cli.simulate import time_text
from kubenetlab.errors import NotFoundError
from kubenetlab.load_balancing.affinity.retention import ClientReturns, affinity_retention
from kubenetlab.load_balancing.chance.connection_spread import connection_spread
from kubenetlab.load_balancing.long_lived.choosers import chooser_named
from kubenetlab.load_balancing.long_lived.load import ConnectionLoad, EndpointEvent
from kubenetlab.load_balancing.long_lived.simulated import SimulatedConnections, simulate_connections
from kubenetlab.load_balancing.node_limits import NodeTraffic, node_limits
from kubenetlab.load_balancing.paths.service import service_paths
from kubenetlab.result import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kubenetlab.cluster import Cluster
    from kubenetlab.objects import Service

_EVEN = 1.005  # times the average
_CHOOSERS = {"ipvs": "ipvs-rr"}  # by kube-proxy's mode
_ASSUMED = ("connections", "clients", "lifetime", "lifetimes", "rollout", "runs", "seed")
_MOST_ENDPOINTS = 10_000  # a roll-out takes as many again
#: Events that a minute is enough for on one core, and half of how many a run's looks at the balance cost (measured).
_MOST_EVENTS, _LOOKS = 300_000_000, 50_000
_Scenarios: TypeAlias = "dict[str, tuple[ConnectionLoad, str]]"
_ROLLOUT_S, _GRACE_S = 30.0, {None: 30.0, True: inf, False: 0.0}
_MOMENTS = ("before the roll-out", "in its worst moment", "when it is over", "at the end")


class Answer(NamedTuple):
    """What was found: a sentence, tables by name, and what they rest on."""

    headline: str
    tables: dict[str, Result]
    notes: list[str]


def answer_of(cluster: Cluster, name: str, options: Mapping[str, Any]) -> Answer:
    """Return the answers for a Service, named as on the command line.

    Raises
    ------
    NotFoundError
        If the dump has no such Service, or no connection reaches an endpoint of it.
    ValueError
        If a number is out of its bounds.
    """
    service_name, _, port = name.partition(":")
    service = _service(cluster, service_name, port)
    paths, affinity = service_paths(cluster, service_name, port=port), service.spec.session_affinity
    shares = paths.frame.query("endpoint != ''")["share"].to_numpy()
    if not shares.any():
        raise NotFoundError(f"{name}: no connection reaches a ready endpoint, as the dump has it")
    load = _load(shares.size, options["nodes"] or len(cluster.nodes), options)
    chooser = _CHOOSERS.get(cluster.settings["proxy_mode"].value, "random")
    simulated = _simulated(_scenarios(load, chooser, options), options)
    as_it_is = simulated["as it is"]
    n_drawn = options["clients" if affinity == "ClientIP" else "connections"]
    tables = {"paths": paths, "chance": connection_spread(n_drawn, shares=shares / shares.sum())}
    if affinity == "ClientIP":
        timeout_s = service.spec.session_affinity_config.client_ip.timeout_seconds
        returns = ClientReturns(n_nodes=load.n_nodes, timeout_s=timeout_s)
        tables["affinity"] = affinity_retention(load.n_clients, load.n_endpoints, returns=returns)
    tables |= {"long_lived": _moments(as_it_is), "what_if": _compared(simulated)}
    if load.arrival_rate_per_s:
        tables["node_limits"] = _limits(load, paths, options["nodes"])
    headline = _headline(shares, as_it_is, tables["long_lived"])
    return Answer(f"{name}: {headline}", tables, [*_origins(cluster, service, load)])


def _service(cluster: Cluster, name: str, port: str) -> Service:
    try:
        service: Service = cluster.find("services", name)
    except NotFoundError as error:
        names = [service.metadata.full_name for service in cluster.services[:5000]]
        near = ", ".join(get_close_matches(name, names, cutoff=0.5)) or "none"
        raise NotFoundError(f"{error}; names near it: {near}") from None
    spec = service.spec
    ports = {known for port in spec.ports for known in (str(port.port), port.name)}
    needed = {"nodes": cluster.nodes, "EndpointSlices": cluster.has_endpoint_data}
    missing = [f"{kind} (kubectl get {kind.lower()} -A -o json)" for kind, has in needed.items() if not has]
    reasons = {
        f"is an ExternalName: DNS answers {spec.external_name}, kube-proxy does nothing": spec.type == "ExternalName",
        "is headless: DNS gives clients the addresses of all pods, kube-proxy does nothing": service.is_headless,
        f"has no port {port}, but {', '.join(sorted(ports - {''}))}": port and port not in ports,
        f"needs what the dump lacks: {' and '.join(missing)}": missing,
    }  # fmt: skip
    for words in filter(reasons.get, reasons):
        raise NotFoundError(f"{service.metadata.full_name} {words}")
    return service


def _load(n_endpoints: int, n_nodes: int, options: Mapping[str, Any]) -> ConnectionLoad:
    if options["rate"] and not options["rate"] * options["lifetime"] >= 1:
        raise ValueError("--rate times --lifetime is not 1 or more: less than one connection would be open")
    duration_s, grace_s = options["duration"] or 12 * options["lifetime"], _GRACE_S[options["drain"]]
    every_s = min(_ROLLOUT_S, duration_s / 4 / n_endpoints)
    rollout = EndpointEvent("roll-out", duration_s / 2, n_endpoints, every_s, grace_s)
    return ConnectionLoad(
        n_endpoints=n_endpoints, duration_s=duration_s, warm_up_s=duration_s / 4, n_nodes=n_nodes,
        mean_lifetime_s=options["lifetime"], lifetime=options["lifetimes"], arrival_rate_per_s=options["rate"],
        n_clients=options["clients"], events=(rollout,) if options["rollout"] else (),
    )  # fmt: skip


def _scenarios(load: ConnectionLoad, chooser: str, options: Mapping[str, Any]) -> _Scenarios:
    age_s = options["max_age"] or load.mean_lifetime_s / 2
    text = options["endpoints"] or f"+{-(-load.n_endpoints // 2)}"
    is_number = re.fullmatch(r"\+?[1-9]\d{0,4}", text, re.ASCII)
    n = int(text) + load.n_endpoints * text.startswith("+") if is_number else 0
    if not 1 <= n <= _MOST_ENDPOINTS:
        expected = f"expected 1 to {_MOST_ENDPOINTS:,} in all, such as 6, or +3"
        raise click.BadParameter(f"--endpoints: found {text[:40]!r}, {expected}")
    scenarios = {"as it is": (load, chooser)}
    scenarios[f"maximum age {time_text(age_s)}"] = replace(load, max_age_s=age_s), chooser
    scenarios[f"{n:,} endpoints"] = _load(n, load.n_nodes, options), chooser
    return scenarios | {name: (load, name) for name in options["chooser"].split(",") if chooser_named(name)}


def _simulated(scenarios: _Scenarios, options: Mapping[str, Any]) -> dict[str, SimulatedConnections]:
    """Simulate all, or refuse what would take more than about a minute."""
    ends = (load.open_connections + load.ends_per_s * load.duration_s for load, _ in scenarios.values())
    n_events = 2 * options["runs"] * sum(n + _LOOKS for n in ends)
    if n_events > _MOST_EVENTS:
        shorter = "shorten --duration, lower --runs, --rate or --clients, or raise --lifetime or --max-age"
        work = f"{options['runs']:,} runs of {len(scenarios)} simulations take {n_events:,.0f} events"
        raise ValueError(f"{work}, expected at most {_MOST_EVENTS:,} (about a minute): {shorter}")
    runs = {"seed": options["seed"], "n_runs": options["runs"], "workers": options["workers"]}
    return {
        name: simulate_connections(load, chooser=used, **runs) for name, (load, used) in scenarios.items()
    }


def _compared(simulated: Mapping[str, SimulatedConnections]) -> Result:
    """Return the measures of each scenario, and the connections of the busiest endpoint, old ones too."""
    measures = {name: one.measures.frame.set_index("measure")["mean"] for name, one in simulated.items()}
    frame = pd.DataFrame(measures).T.rename_axis("scenario").reset_index()
    samples = ([run.samples[one.load.n_samples // 4 :] for run in one.runs] for one in simulated.values())
    frame["busiest"] = [np.max(found, axis=2).mean() for found in samples]  # from the warm-up on
    return replace(simulated["as it is"].measures, title="What would change the balance", _frame=frame)


def _limits(load: ConnectionLoad, paths: Result, n_nodes: int | None) -> Result:
    """Return the limits of a node that gets an even part of the connections, those that these connections can reach."""
    is_local = paths.assumptions[0].value == "nodes with endpoints"  # through a balancer, policy Local
    is_masqueraded = not paths.frame["source_address_kept"].all()
    n_used = n_nodes or (paths.frame.query("share > 0")["node"].nunique() if is_local else load.n_nodes)
    rate_per_s = (load.arrival_rate_per_s or 0) / n_used
    places = {"lifetime_s": load.mean_lifetime_s, "destinations": load.n_endpoints if is_masqueraded else 1}
    limits = node_limits(NodeTraffic(connections_per_s=rate_per_s, **places))  # type: ignore[arg-type]
    own = "masquerade" if is_masqueraded else "-" if is_local else "local"
    frame = limits.frame[limits.frame["limit"].str.startswith(("conntrack", own))].reset_index(drop=True)
    words = f"--rate is of all nodes: {rate_per_s:,.3g}/s on each of {n_used:,}; all of it where MetalLB's L2 mode sends it to one"
    ports = "; local ports: as if one pod opened them all" * (own == "local")
    return replace(limits, _frame=frame, because=(words + ports, *limits.because))


def _moments(simulated: SimulatedConnections) -> Result:
    """Return how even connections are before the roll-out, in its worst moment, when it is over, and in the end."""
    frame, changes = simulated.over_time.frame, simulated.load.changes
    places = [len(frame) - 1]
    if changes:
        before, over = (int((frame["time_s"] <= changes[i].time_s).sum()) for i in (0, -1))
        worst = before + int(frame["max_over_mean"].iloc[before : over + 1].fillna(0.0).argmax())
        places = [before - 1, worst, min(over, *places), *places]
    picked = frame.iloc[places].reset_index(drop=True)
    picked.insert(0, "moment", _MOMENTS[-len(places) :])
    return replace(simulated.over_time, _frame=picked)


def _headline(shares: NDArray[np.float64], simulated: SimulatedConnections, moments: Result) -> str:
    """Return what is most wrong first: what is lost, who gets most, and how even those are that stay."""
    served, fullest = shares.sum(), moments.frame["max_over_mean"].tolist()
    lost = f"{1 - served:.1%} of connections reach no endpoint; of the others " * bool(served < 0.9995)
    if shares.size == 1:
        return f"{lost}all go to its one endpoint."
    most = shares.max() * shares.size / served
    words = f"{lost}the busiest endpoint gets {most:.2f} times the average of new connections."
    if isnan(sum(fullest)):
        return f"{words} At some moment of the table none was open to the endpoints of that moment."
    words += (
        f"{' Of' if most < _EVEN else ' If all endpoints were alike, of'} those that stay the busiest has"
    )
    if len(fullest) == 1:
        return f"{words} {fullest[0]:.2f} times the average."
    rebalance = simulated.measures.frame.set_index("measure").loc["rebalance_s"].to_dict()
    after = f"as even as before within {time_text(rebalance['mean'])} of its beginning"
    if rebalance["n_runs"] < len(simulated.runs):
        after = f"{fullest[-1]:.2f} in the end"
    return f"{words} {fullest[2]:.2f} times the average when a roll-out is over, {after}."


def _origins(cluster: Cluster, service: Service, load: ConnectionLoad) -> Iterator[str]:
    """Yield what the dump says, what is assumed, and what is simpler than in a cluster."""
    spec, mode, context = service.spec, cluster.settings["proxy_mode"], click.get_current_context()
    policies = f"{spec.internal_traffic_policy} (internal) and {spec.external_traffic_policy} (external)"
    yield f"the dump says: policies {policies}, affinity {spec.session_affinity}, proxy mode {mode.text} ({mode.evidence})"
    texts = {bool: lambda _: "yes", float: time_text, int: "{:,}".format}
    assumed = (n for n in _ASSUMED if context.get_parameter_source(n) is ParameterSource.DEFAULT)
    values = (f"{n} {texts.get(type(context.params[n]), str)(context.params[n])}" for n in assumed)
    yield f"assumed, as no dump holds it: {', '.join(values)}".replace("rollout", "roll-out")
    for event in load.events:
        every, grace = time_text(event.every_s), time_text(event.grace_s) if event.grace_s < inf else "never"
        squeezed = " (sooner than every 30s: --duration is short)" * (event.every_s < _ROLLOUT_S)
        yield f"the roll-out replaces one endpoint every {every}{squeezed}; connections to an old one break after: {grace}"
    step = time_text(load.duration_s / load.n_samples)
    yield f"in connections that stay, all endpoints are alike, there is no affinity, and what lasts less than {step} is not seen"
    if spec.session_affinity == "ClientIP":
        yield f"ClientIP: clients, not connections, are drawn; they come at random, hashed to {load.n_nodes:,} nodes"
