"""Debian's h2load and nghttp, as real HTTP/2 clients."""

import re
import subprocess


def h2load(url, requests, clients=1, streams=1, *options, timeout=60):
    """Runs it; returns how many requests succeeded with a status below 300, and the whole output."""
    done = subprocess.run(["h2load", "-n", str(requests), "-c", str(clients), "-m", str(streams),
                           *options, url], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"h2load {url}: {done.returncode} {done.stderr}"
    found = re.search(r"status codes: (\d+) 2xx", done.stdout)
    return int(found.group(1)) if found else 0, done.stdout


def nghttp(url, *options, timeout=15):
    """What nghttp -v prints of one request's frames and body."""
    done = subprocess.run(["nghttp", "-v", *options, url], capture_output=True,
                          text=True, timeout=timeout)
    assert done.returncode == 0, f"nghttp {url}: {done.returncode} {done.stderr}"
    return done.stdout
