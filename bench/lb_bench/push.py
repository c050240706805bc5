"""Configuration pushes under load: nothing may fail.

Each push must also be in force when its command returns, else doing nothing would win.
"""

import http.client
import statistics
import subprocess
import time

from .loads import BenchLoad
from .peers import Lb, StartFailure

# Round robin sends every other request to the second server; beside other clients, which is chance.
ATTEMPTS_TO_SEE_A_SERVER = 64
ATTEMPTS_TO_MISS_A_SERVER = 12


def run_push(rig, pushes, note):
    """Applies two files in turn: they differ by a server of the loaded backend and by a backend."""
    peer = Lb(rig)
    if peer.missing() or peer.commands.missing("lbctl"):
        note(f"config push under load: {peer.missing() or peer.commands.missing('lbctl')}")
        return None
    second, _ = rig.start_origin("origin2")
    small = peer.config_text()
    large = peer.config_text(
        extra_server=f"    server web2 {second['http']}",
        extra_section=f"\nbackend extra\n    server extra1 {second['http']}\n",
    )
    files = [peer._write("large.cfg", large), peer._write("small.cfg", small)]
    try:
        peer.start(small)
        return _push_under_load(rig, peer, files, pushes)
    except (StartFailure, OSError) as failure:
        note(f"config push under load: {failure}")
        return None
    finally:
        peer.stop()


def _push_under_load(rig, peer, files, pushes):
    load = rig.start_load(BenchLoad("h1"), "http", peer.ports["http"], 64, 128)
    if not rig.wait_until_ready(load):
        counts = rig.finish_load(load)
        raise StartFailure(f"no load before the first push: {counts}")
    seconds, refused, not_in_force = [], [], 0
    for number in range(pushes):
        has_second_server = number % 2 == 0
        begin = time.monotonic()
        done = subprocess.run(
            peer.commands.apply(peer.address, files[number % 2]),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        seconds.append(time.monotonic() - begin)
        if done.returncode != 0:
            refused.append(f"exit {done.returncode}: {(done.stderr or done.stdout).strip()[:300]}")
        elif _sees_second_server(peer.ports["http"], has_second_server) != has_second_server:
            not_in_force += 1
    peer.check_alive()
    counts = rig.finish_load(load)
    return {
        "pushes": pushes,
        "refused": len(refused),
        "first_refusal": refused[0] if refused else "",
        "not_in_force": not_in_force,
        "requests": counts["requests"],
        "failed": counts["failed"],
        "resets": counts["resets"] + counts["connect_errors"],
        "closes": counts["closes"],
        "p99_ms": counts["p99_us"] / 1e3,
        "max_ms": counts["max_us"] / 1e3,
        "push_p50_ms": statistics.median(seconds) * 1e3,
        "push_max_ms": max(seconds) * 1e3,
    }


def _sees_second_server(port, is_expected):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        for _ in range(ATTEMPTS_TO_SEE_A_SERVER if is_expected else ATTEMPTS_TO_MISS_A_SERVER):
            connection.request("GET", "/0")
            reply = connection.getresponse()
            reply.read()
            if reply.getheader("X-Origin") == "origin2":
                return True
        return False
    finally:
        connection.close()
