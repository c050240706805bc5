"""Free TCP and UDP ports, claimed so that neither clients nor a second run of the suite takes them."""

import os
import socket

# Below the kernel's ephemeral range: an outgoing connection never picks one of these.
FIRST, LAST = 12000, 31999


class Ports:
    """The ports of one test. A claim is an abstract unix socket, which dies with its process."""

    _next = FIRST + (os.getpid() * 61) % (LAST - FIRST)

    def __init__(self):
        self._claims = []

    def free(self):
        """A port nobody listens on, kept until release()."""
        for _ in range(LAST - FIRST):
            port = Ports._next
            Ports._next = FIRST if port >= LAST else port + 1
            if self._claim(port):
                return port
        raise RuntimeError("no free port")

    def free_range(self, count):
        """The first of `count` adjacent free ports."""
        while True:
            ports = [self.free() for _ in range(count)]
            if ports[-1] - ports[0] == count - 1:
                return ports[0]

    def release(self):
        for claim in self._claims:
            claim.close()
        self._claims.clear()

    def _claim(self, port):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0lb-e2e-port-{port}")
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    if kind == socket.SOCK_STREAM:
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("0.0.0.0", port))
        except OSError:
            claim.close()
            return False
        self._claims.append(claim)
        return True


def listening_ports(pid):
    """The TCP ports somebody listens on in the network namespace of `pid`. Sends nothing."""
    ports = set()
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{table}") as lines:
                next(lines)
                for line in lines:
                    fields = line.split()
                    if fields[3] == "0A":
                        ports.add(int(fields[1].rsplit(":", 1)[1], 16))
        except OSError:
            pass
    return ports
