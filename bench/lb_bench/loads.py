"""The load generators: how each is called, and its counters in one form.

Counters: requests, failed, resets, closes, connect_errors, seconds, cpu_seconds, bytes, and p50_us,
p99_us, max_us (None where the generator does not tell).
"""

import dataclasses
import json
import re
import shutil

TLS_SERVICES = ("tls-rsa", "tls-ecdsa")

# h2load does not end when its time is over before all connections are made: a warm-up shorter than
# this is given as a number of requests instead.
H2LOAD_LEAST_SECONDS = 1.0


def _last_line_as_json(out):
    return json.loads(out.strip().splitlines()[-1])


@dataclasses.dataclass(frozen=True)
class BenchLoad:
    """bench_load: HTTP/1.1 and TCP without TLS."""

    mode: str

    def missing(self, rig):
        return "" if rig.find_program("bench_load") else "bench_load is not built"

    def argv(self, rig, service, port, connections, size, seconds):
        del service
        argv = [rig.program("bench_load"), "--mode", self.mode, "--target", f"127.0.0.1:{port}"]
        argv += ["--connections", str(connections), "--size", str(size)]
        return argv + (["--duration", str(seconds)] if seconds else [])

    def counts(self, out, cpu_seconds):
        del cpu_seconds  # it counts its own
        return _last_line_as_json(out)


@dataclasses.dataclass(frozen=True)
class Handshakes:
    """bench_handshake: a TLS handshake for each connection, and nothing else."""

    version: str
    resumes: bool = False

    def missing(self, rig):
        return "" if rig.find_program("bench_handshake") else "bench_handshake is not built"

    def argv(self, rig, service, port, connections, size, seconds):
        del service, size
        argv = [rig.program("bench_handshake"), "--tls", self.version]
        argv += ["--target", f"127.0.0.1:{port}", "--connections", str(connections)]
        argv += ["--duration", str(seconds)]
        return argv + (["--resume"] if self.resumes else [])

    def counts(self, out, cpu_seconds):
        del cpu_seconds
        return _last_line_as_json(out)


@dataclasses.dataclass(frozen=True)
class H2Load:
    """h2load of nghttp2: HTTP/2, and HTTP/1.1 over TLS."""

    streams: int = 1  # at a time on each connection
    is_http1: bool = False

    def missing(self, rig):
        del rig
        return "" if shutil.which("h2load") else "h2load (nghttp2-client) is not installed"

    def argv(self, rig, service, port, connections, size, seconds):
        del rig
        is_tls = service in TLS_SERVICES
        argv = ["h2load", "-t", "1", "-c", str(connections), "-m", str(self.streams)]
        if seconds < H2LOAD_LEAST_SECONDS:
            argv += ["-n", str(connections * self.streams * 8)]
        else:
            argv += ["-D", f"{round(seconds * 1000)}ms"]
        if self.is_http1:
            argv.append("--h1")
        elif not is_tls:
            argv += ["-p", "h2c"]
        if is_tls:
            argv.append("--ciphers=ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256")
            argv.append("--tls13-ciphers=TLS_AES_128_GCM_SHA256")
        return [*argv, f"{'https' if is_tls else 'http'}://127.0.0.1:{port}/{size}"]

    def counts(self, out, cpu_seconds):
        def number(pattern):
            found = re.search(pattern, out)
            if not found:
                raise ValueError(f"h2load said: {out[-500:]}")
            return float(found.group(1))

        not_2xx = sum(number(rf"(\d+) {kind}xx") for kind in (3, 4, 5))
        return {
            "requests": int(number(r"status codes: (\d+) 2xx")),
            "failed": int(not_2xx + number(r"succeeded, (\d+) failed") + number(r"(\d+) timeout")),
            "resets": 0,
            "closes": 0,
            "connect_errors": 0,
            "seconds": _seconds(re.search(r"finished in ([\d.]+)(us|ms|s|m)", out)),
            "cpu_seconds": cpu_seconds,
            "bytes": int(number(r"traffic: .*\((\d+)\) total")),
            "p50_us": None,
            "p99_us": None,
            "max_us": None,
        }


def _seconds(found):
    return float(found.group(1)) * {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[found.group(2)]
