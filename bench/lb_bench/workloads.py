"""The workloads whose result is CPU per request, and the idle one whose result is memory."""

import dataclasses
import os
import statistics
import time

from . import processes
from .loads import BenchLoad, H2Load, Handshakes
from .peers import StartFailure

MIB = 1024 * 1024
WARM_UP_SECONDS = 0.3
IDLE_SETTLE_SECONDS = 2.0


@dataclasses.dataclass(frozen=True)
class CpuWorkload:
    name: str
    title: str
    load: object  # one of loads.py
    service: str
    connections: int
    size: int = 0
    is_bulk: bool = False
    unit: str = "request"  # or "MiB" moved, "handshake"
    references: tuple = ("haproxy", "haproxy-splice", "relay")


_H1, _H1_TLS = BenchLoad("h1"), H2Load(is_http1=True)
_OTHERS = ("haproxy", "nginx", "nghttpx")

CPU_WORKLOADS = (
    CpuWorkload("h1", "H1 keep-alive, 128-byte replies, 64 connections", _H1, "http", 64, 128),
    CpuWorkload(
        "h1-close",
        "H1, a connection for each request, 128-byte replies, 64 at a time",
        BenchLoad("h1-close"),
        "http",
        64,
        128,
    ),
    CpuWorkload(
        "h1-1m", "H1 keep-alive, 1 MiB replies, 16 connections", _H1, "http", 16, MIB, is_bulk=True
    ),
    CpuWorkload(
        "tcp",
        "TCP ping-pong, 128 bytes each way, 64 connections",
        BenchLoad("tcp"),
        "echo",
        64,
        128,
    ),
    CpuWorkload(
        "tcp-bulk",
        "TCP, 16 MiB at a time from the server, 8 connections",
        BenchLoad("tcp-bulk"),
        "bulk",
        8,
        16 * MIB,
        is_bulk=True,
        unit="MiB",
    ),
    CpuWorkload(
        "tls-h1",
        "H1 keep-alive over TLS, 128-byte replies, 64 connections",
        _H1_TLS,
        "tls-rsa",
        64,
        128,
        references=_OTHERS,
    ),
    CpuWorkload(
        "tls-1m",
        "H1 keep-alive over TLS, 1 MiB replies, 16 connections",
        _H1_TLS,
        "tls-rsa",
        16,
        MIB,
        references=_OTHERS,
    ),
    CpuWorkload(
        "h2",
        "H2 cleartext, 128-byte replies, 16 connections of 32 streams",
        H2Load(streams=32),
        "h2",
        16,
        128,
        references=_OTHERS,
    ),
    CpuWorkload(
        "h2-tls",
        "H2 over TLS, 128-byte replies, 16 connections of 32 streams",
        H2Load(streams=32),
        "tls-rsa",
        16,
        128,
        references=_OTHERS,
    ),
    CpuWorkload(
        "h2-1m",
        "H2 cleartext, 1 MiB replies, 16 connections of 2 streams",
        H2Load(streams=2),
        "h2",
        16,
        MIB,
        references=_OTHERS,
    ),
    CpuWorkload(
        "h2-upstream",
        "H2 cleartext to an H2 server, 128-byte replies, 16 connections of 32 streams",
        H2Load(streams=32),
        "h2-upstream",
        16,
        128,
        references=_OTHERS,
    ),
    *(
        CpuWorkload(
            f"{kind}-{version.replace('.', '')}",
            f"TLS {version} handshakes, {words}, 16 at a time",
            Handshakes(version, resumes=kind == "resumed"),
            service,
            16,
            unit="handshake",
            references=_OTHERS,
        )
        for kind, words, service in (
            ("rsa", "full, RSA-2048", "tls-rsa"),
            ("ecdsa", "full, ECDSA P-256", "tls-ecdsa"),
            ("resumed", "resumed", "tls-rsa"),
        )
        for version in ("1.2", "1.3")
    ),
)
IDLE_TITLE = "{} idle H1 keep-alive connections, each having done one request"


def milliseconds(microseconds):
    return None if microseconds is None else microseconds / 1e3


def measure_cpu(rig, workload, peer, seconds):
    """One round of `workload` through `peer`."""
    port = peer.ports[workload.service]
    what = (workload.load, workload.service, port, workload.connections, workload.size)
    rig.finish_load(rig.start_load(*what, WARM_UP_SECONDS))
    pids, control_pids = peer.proxy_pids(), peer.control_pids()
    origin_pids = rig.origin_pids()
    cpu, control_cpu = processes.cpu_seconds(pids), processes.cpu_seconds(control_pids)
    origin_cpu = processes.cpu_seconds(origin_pids)
    stolen = processes.stolen_seconds()
    counts = rig.finish_load(
        rig.start_load(*what, seconds), timeout=seconds + 60
    )
    peer.check_alive()
    cpu = processes.cpu_seconds(pids) - cpu
    control_cpu = processes.cpu_seconds(control_pids) - control_cpu
    origin_cpu = processes.cpu_seconds(origin_pids) - origin_cpu
    stolen = processes.stolen_seconds() - stolen
    units = counts["bytes"] / MIB if workload.unit == "MiB" else counts["requests"]
    if units == 0:
        raise StartFailure(f"no {workload.unit} completed: {counts}")
    return {
        "cpu_us": cpu * 1e6 / units,
        "control_cpu_us": control_cpu * 1e6 / units,
        "per_second": units / counts["seconds"],
        "p50_ms": milliseconds(counts["p50_us"]),
        "p99_ms": milliseconds(counts["p99_us"]),
        "proxy_busy": cpu / counts["seconds"],
        "load_busy": (counts["cpu_seconds"] + origin_cpu) / counts["seconds"],
        "stolen": stolen / counts["seconds"] / os.cpu_count(),
        "failed": counts["failed"] + counts["resets"] + counts["connect_errors"],
        "counts": counts,
    }


def measure_idle(rig, peer, connections, settle_seconds):
    """Memory of a fresh `peer` before and after `connections` each did one request and stayed."""
    peer.start()
    try:
        time.sleep(0.3)
        rss_before, pss_before = processes.memory_kib(peer.proxy_pids())
        load = rig.start_load(BenchLoad("idle"), "http", peer.ports["http"], connections, 128)
        is_ready = rig.wait_until_ready(load)
        time.sleep(settle_seconds)
        rss, pss = processes.memory_kib(peer.proxy_pids())
        control_pss = processes.memory_kib(peer.control_pids())[1]
        counts = rig.finish_load(load)
    finally:
        peer.stop()
    if not is_ready:
        raise StartFailure(
            f"only {counts['requests']} of {connections} connections were served: {counts}"
        )
    return {
        "rss_kib": rss,
        "pss_kib": pss,
        "rss_growth_kib": rss - rss_before,
        "pss_growth_kib": pss - pss_before,
        "control_pss_kib": control_pss,
        "failed": counts["failed"] + counts["resets"] + counts["connect_errors"],
        "counts": counts,
    }


def median_of(rounds):
    """Medians of the rounds' figures; failures are summed, for one is one too many."""
    result = {
        key: None if rounds[0][key] is None else statistics.median(r[key] for r in rounds)
        for key in rounds[0]
        if key not in ("counts", "failed")
    }
    result["failed"] = sum(r["failed"] for r in rounds)
    result["rounds"] = rounds
    return result


def run_rounds(peers, rounds, measure, note):
    """Interleaved: A, B, C, A, B, C, ... so that a change of the machine's mood meets all alike.

    A peer that fails is left out from then on, and its reason noted.
    """
    samples = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            if peer.name not in samples:
                continue
            try:
                samples[peer.name].append(measure(peer))
            except (StartFailure, OSError) as failure:
                del samples[peer.name]
                note(f"{peer.title}: {failure}")
    return {name: median_of(found) for name, found in samples.items() if found}


def run_cpu(rig, workload, peers, rounds, seconds, note):
    taking_part = [
        peer
        for peer in peers
        if workload.service in peer.services and (workload.is_bulk or not peer.is_for_bulk_only)
    ]
    return run_rounds(
        taking_part, rounds, lambda peer: measure_cpu(rig, workload, peer, seconds), note
    )


def run_idle(rig, peers, rounds, connections, settle_seconds, note):
    taking_part = [
        peer for peer in peers if "http" in peer.services and not peer.is_for_bulk_only
    ]
    return run_rounds(
        taking_part, rounds, lambda peer: measure_idle(rig, peer, connections, settle_seconds), note
    )
