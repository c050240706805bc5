"""Rig: what all measurements of one run share: folders, cores, built programs and the origin."""

import json
import os
import select
import subprocess
import tempfile
import time

from . import processes


class Rig:
    def __init__(self, folder, build, cores):
        self.folder = folder
        self.build = build
        self.proxy_core, self.load_core = cores
        self.processes = processes.Processes(folder)
        self.origin = {}  # ADDRESS:PORT by service, of the origin behind the compared proxies
        self.origin_process = None

    def find_program(self, name):
        """The built program's path, in whichever folder CMake put it, or ''."""
        for place in (
            "",
            "bin",
            "bench",
            "dataplane/server",
            "controlplane/server",
            "cli",
            "standalone",
            "dataplane",
            "controlplane",
        ):
            path = os.path.join(self.build, place, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        return ""

    def program(self, name):
        path = self.find_program(name)
        if not path:
            raise processes.StartFailure(f"{name} not found in {self.build}")
        return path

    def new_folder(self, name):
        return tempfile.mkdtemp(prefix=name + "-", dir=self.folder)

    def start_origin(self, name="origin", address="127.0.0.1"):
        """Starts an origin. Returns its ADDRESS:PORT by service, and its process."""
        ports = {service: processes.free_port() for service in ("http", "echo", "bulk")}
        argv = [self.program("bench_origin"), "--name", name]
        for service, port in ports.items():
            argv += ["--" + service, f"{address}:{port}"]
        process = self.processes.start(name, argv, core=self.load_core)
        for port in ports.values():
            processes.wait_for_port(process, port, address)
        return {service: f"{address}:{port}" for service, port in ports.items()}, process

    def start_load(self, mode, port, connections, size, seconds=0.0):
        """Starts the load generator. Without `seconds` it runs until finish_load()."""
        argv = [self.program("bench_load"), "--mode", mode, "--target", f"127.0.0.1:{port}"]
        argv += ["--connections", str(connections), "--size", str(size)]
        if seconds:
            argv += ["--duration", str(seconds)]
        return self.processes.start("load", argv, core=self.load_core, pipes=True)

    def finish_load(self, process, timeout=120):
        """Ends a load without a duration, awaits one that has one. Returns its counters."""
        try:
            out, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise processes.StartFailure("the load generator did not end") from None
        finally:
            self.processes.stop(process)
        return json.loads(out.strip().splitlines()[-1])

    def wait_until_ready(self, process, seconds=60):
        """Waits for the load's "ready" line. False when it did not come in time."""
        seen = b""
        deadline = time.monotonic() + seconds
        while b"ready" not in seen:
            readable, _, _ = select.select(
                [process.stdout], [], [], max(0.0, deadline - time.monotonic())
            )
            piece = os.read(process.stdout.fileno(), 4096) if readable else b""
            if not piece:
                return False
            seen += piece
        return True
