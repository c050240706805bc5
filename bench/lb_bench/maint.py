"""How long `set server ... state maint` takes until three data planes no longer use the server.

Each data plane runs in a network namespace of its own, so that all can bind what the one
configuration says; a bridge joins them to the control plane and the origins. The backend has server
s1, and s2 as its backup: all traffic is s1's, until s1 goes to maint and all of it is s2's.
bench_watch sees the moment at each data plane.
"""

import os
import queue
import socket
import subprocess
import threading
import time

from . import processes
from .peers import LbCommands, StartFailure

DATA_PLANES = 3
WATCH_INTERVAL_US = 500
FRONTEND_PORT = 18080
# Taking longer than this counts as never.
GIVE_UP_SECONDS = 5.0


def run_maint(rig, rounds, note):
    reason = _why_not(rig)
    if reason:
        note(f"maint latency: {reason}")
        return None
    network = Network()
    fleet = None
    try:
        network.create()
        fleet = Fleet(rig, network)
        return fleet.measure(rounds)
    except (StartFailure, OSError, subprocess.CalledProcessError) as failure:
        note(f"maint latency: {failure}")
        return None
    finally:
        if fleet:
            fleet.stop()
        network.remove()


def _why_not(rig):
    if os.geteuid() != 0:
        return "skipped, needs root (network namespaces)"
    return LbCommands(rig).missing("lbcontrold", "lbproxyd", "lbctl")


class Network:
    """A bridge and a namespace with an address on it for each data plane."""

    def __init__(self):
        self.bridge = f"lbb{os.getpid()}"
        # 198.18.0.0/15 is the range set aside for benchmarks (RFC 2544).
        self._prefix = f"198.18.{os.getpid() % 250 + 1}."
        self.address = self._prefix + "1"
        self.namespaces = [f"{self.bridge}n{i}" for i in range(DATA_PLANES)]
        self.addresses = [f"{self._prefix}{11 + i}" for i in range(DATA_PLANES)]

    def create(self):
        _ip("link", "add", self.bridge, "type", "bridge")
        _ip("addr", "add", self.address + "/24", "dev", self.bridge)
        _ip("link", "set", self.bridge, "up")
        for i, (namespace, address) in enumerate(zip(self.namespaces, self.addresses)):
            outside = f"{self.bridge}v{i}"
            _ip("netns", "add", namespace)
            _ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            _ip("link", "set", outside, "master", self.bridge, "up")
            _ip("-n", namespace, "addr", "add", address + "/24", "dev", "eth0")
            _ip("-n", namespace, "link", "set", "eth0", "up")
            _ip("-n", namespace, "link", "set", "lo", "up")

    def remove(self):
        """Removes what exists of it. Ignores what does not: creation may have stopped half-way."""
        for namespace in self.namespaces:
            subprocess.run(
                ["ip", "netns", "del", namespace], stderr=subprocess.DEVNULL, check=False
            )
        subprocess.run(["ip", "link", "del", self.bridge], stderr=subprocess.DEVNULL, check=False)


class Fleet:
    """One control plane, three data planes, two origins and the watcher."""

    def __init__(self, rig, network):
        self.rig = rig
        self.commands = LbCommands(rig)
        self._started = []
        self._changes = queue.Queue()
        self._answers = [None] * DATA_PLANES
        self.socket_path = os.path.join(rig.folder, "runtime.sock")
        origins = [rig.start_origin(name, network.address)[0]["http"] for name in ("s1", "s2")]
        config = os.path.join(rig.folder, "maint.cfg")
        with open(config, "w") as file:
            file.write(self._config(origins))
        port = processes.free_port()
        self.address = f"{network.address}:{port}"
        control = self._start(
            "maint-control", self.commands.control(config, rig.new_folder("control"), self.address)
        )
        processes.wait_for_port(control, port, network.address)
        for i, namespace in enumerate(network.namespaces):
            argv = self.commands.proxy(self.address, f"bench{i}", rig.new_folder("node"))
            process = self._start(f"maint-proxy{i}", argv, namespace=namespace)
            processes.wait_for_port(process, FRONTEND_PORT, network.addresses[i])
        self._watch(network)

    def stop(self):
        self.rig.processes.stop(*self._started)

    def measure(self, rounds):
        """`rounds` times maint and ready by lbctl, then by the runtime socket."""
        if not self._wait_for("s1"):
            raise StartFailure(
                f"before the first change not all data planes answer from s1: {self._answers}"
            )
        result = {
            "rounds": rounds,
            "lbctl_start_ms": _percentiles([_start_up(self) for _ in range(10)]),
        }
        for name, change in (("lbctl", self._change_by_lbctl), ("socket", self._change_by_socket)):
            effects = {"maint": [], "ready": []}
            returns = {"maint": [], "ready": []}
            for number in range(2 * rounds):
                state, server = (("maint", "s2"), ("ready", "s1"))[number % 2]
                begin = time.monotonic_ns()
                change(state)
                returns[state].append((time.monotonic_ns() - begin) / 1e6)
                seen = self._wait_for(server)
                if not seen:
                    raise StartFailure(
                        f"{name}: {state} not on all after {GIVE_UP_SECONDS:g} s: {self._answers}"
                    )
                effects[state].append((max(seen) - begin) / 1e6)
            for state in effects:
                result[f"{name}_{state}_effect_ms"] = _percentiles(effects[state])
                result[f"{name}_{state}_return_ms"] = _percentiles(returns[state])
        return result

    def _config(self, origins):
        return f"""global
    nbthread 1
    maxconn 1000
    stats socket {self.socket_path} mode 600 level admin

defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s

frontend http
    bind *:{FRONTEND_PORT}
    default_backend web

backend web
    server s1 {origins[0]}
    server s2 {origins[1]} backup
"""

    def _start(self, name, argv, namespace=None, pipes=False):
        process = self.rig.processes.start(name, argv, namespace=namespace, pipes=pipes)
        self._started.append(process)
        return process

    def _watch(self, network):
        targets = ",".join(f"{address}:{FRONTEND_PORT}" for address in network.addresses)
        argv = [
            self.rig.program("bench_watch"),
            "--targets",
            targets,
            "--interval-us",
            str(WATCH_INTERVAL_US),
        ]
        watcher = self._start("watch", argv, pipes=True)

        def read():
            try:
                for line in watcher.stdout:
                    self._changes.put(line.split())
            except ValueError:
                pass  # the pipe was closed under us: the run is over

        threading.Thread(target=read, daemon=True).start()

    def _wait_for(self, server):
        """Waits until all data planes answer from `server`.

        Returns the moments (ns) they began to, or [] when some did not in time.
        """
        moments = [None] * DATA_PLANES
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while not all(answer == server for answer in self._answers):
            try:
                moment, target, answer = self._changes.get(
                    timeout=max(0.001, deadline - time.monotonic())
                )
            except queue.Empty:
                return []
            self._answers[int(target)] = answer
            moments[int(target)] = int(moment)
        return [moment for moment in moments if moment is not None]

    def _change_by_lbctl(self, state):
        argv = self.commands.set_server_state(self.address, "web/s1", state)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise StartFailure(
                f"{' '.join(argv[1:])}: exit {done.returncode}: "
                f"{(done.stderr or done.stdout).strip()}"
            )

    def _change_by_socket(self, state):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(self.socket_path)
            connection.sendall(f"set server web/s1 state {state}\n".encode())
            reply = b""
            while piece := connection.recv(4096):
                reply += piece
        if reply.strip():
            raise StartFailure(f"runtime socket: {reply.decode(errors='replace').strip()}")


def _start_up(fleet):
    """What starting lbctl costs by itself."""
    begin = time.monotonic_ns()
    subprocess.run([fleet.rig.program("lbctl"), "--version"], capture_output=True, check=False)
    return (time.monotonic_ns() - begin) / 1e6


def _percentiles(values):
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        "p50": ordered[last // 2],
        "p99": ordered[min(last, round(last * 0.99))],
        "max": ordered[-1],
    }


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
