"""Network namespaces for data planes: one each, joined by a bridge to the machine's own namespace."""

import os
import socket
import subprocess
from pathlib import Path


def _ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr.strip()}"


def why_not():
    """None where namespaces can be made, else the reason."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"lbe2e{os.getpid()}p"
    try:
        _ip("netns", "add", name)
        _ip("netns", "del", name)
    except (AssertionError, OSError) as refused:
        return f"no network namespaces here: {refused}"
    return None


class Network:
    """A bridge whose address (`gateway`) reaches, and is reached from, every namespace on it."""

    def __init__(self, count):
        self._claim, subnet = _claim_subnet()
        _sweep(subnet)
        self._stem = f"lbe{os.getpid() % 100000}x{subnet}"
        self._bridge = f"{self._stem}b"
        self.gateway = f"10.213.{subnet}.1"
        self.names, self.addresses = [], []
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self.gateway}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        for index in range(1, count + 1):
            self._add(index, f"10.213.{subnet}.{10 + index}")

    def close(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False)
        subprocess.run(["ip", "link", "del", self._bridge], check=False)
        self._claim.close()

    def _add(self, index, address):
        name, outside, inside = (f"{self._stem}{kind}{index}" for kind in "nvw")
        _ip("netns", "add", name)
        self.names.append(name)
        self.addresses.append(address)
        _ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
        _ip("link", "set", outside, "master", self._bridge, "up")
        for words in (["link", "set", "lo", "up"], ["addr", "add", f"{address}/24", "dev", inside],
                      ["link", "set", inside, "up"]):
            _ip("-n", name, *words)


def _sweep(subnet):
    """Removes what a run that was killed left of a subnet; whoever has the claim may."""
    kinds = {"netns": ("/run/netns", "n[0-9]*"), "link": ("/sys/class/net", "[bv]*")}
    for kind, (directory, part) in kinds.items():
        for path in Path(directory).glob(f"lbe*x{subnet}{part}"):
            subprocess.run(["ip", kind, "del", path.name], stderr=subprocess.DEVNULL, check=False)


def _claim_subnet():
    """A third octet no other run uses; the claim is an abstract socket, gone with the process."""
    for subnet in range(1, 255):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0lb-e2e-subnet-{subnet}")
            return claim, subnet
        except OSError:
            claim.close()
    raise RuntimeError("no free subnet")
