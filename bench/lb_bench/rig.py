"""Rig: what all measurements of one run share: folders, cores, built programs and the origin."""

import os
import select
import shutil
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
        self.origin_processes = []
        self.certificates = {}  # paths by service

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

    def start_origins(self, note):
        """Starts what stands behind all compared proxies, the HTTP/2 server if it is installed."""
        self.origin, process = self.start_origin()
        self.origin_processes = [process]
        if not shutil.which("nghttpd"):
            return note("nghttpd (nghttp2-server) is not installed: no h2-upstream")
        folder, port = self.new_folder("nghttpd"), processes.free_port()
        for size in (1, 128):
            with open(os.path.join(folder, str(size)), "w") as file:
                file.write("x" * size)
        argv = ["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", folder, str(port)]
        process = self.processes.start("nghttpd", argv, core=self.load_core)
        processes.wait_for_port(process, port)
        self.origin["h2"] = f"127.0.0.1:{port}"
        self.origin_processes.append(process)
        return None

    def origin_pids(self):
        return [process.pid for process in self.origin_processes]

    def make_certificates(self):
        """Self-signed certificates with their keys in one file each, by service."""
        for service, key in (
            ("tls-rsa", ["rsa:2048"]),
            ("tls-ecdsa", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ):
            path = os.path.join(self.folder, service + ".pem")
            argv = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=bench.test"]
            argv += ["-newkey", *key, "-keyout", path + ".key", "-out", path]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode:
                raise processes.StartFailure(f"openssl req: {done.stderr}")
            with open(path, "a") as file, open(path + ".key") as key_file:
                file.write(key_file.read())
            self.certificates[service] = path

    def start_load(self, load, service, port, connections, size, seconds=0.0):
        """Starts a load generator (loads.py). Without `seconds` it runs until finish_load()."""
        argv = load.argv(self, service, port, connections, size, seconds)
        process = self.processes.start("load", argv, core=self.load_core, pipes=True)
        process.load = load
        return process

    def finish_load(self, process, timeout=120):
        """Ends a load without a duration, awaits one that has one. Returns its counters."""
        used = processes.ended_children_seconds()
        try:
            out, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise processes.StartFailure("the load generator did not end") from None
        finally:
            self.processes.stop(process)
        try:
            return process.load.counts(out, processes.ended_children_seconds() - used)
        except (ValueError, IndexError) as failure:
            raise processes.StartFailure(
                f"the load generator: {failure}; {processes.log_tail(process)}"
            ) from None

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
