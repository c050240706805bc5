"""A web server in a process of its own, with one thread, for tests that load it: beside the threads
of a test, or with many of its own, it would slow down whoever measures there.

    server = origin.start(stage)        # an address for proxy.at(), with `port`

It answers every GET, /large with LARGE bytes, and lets every other request wait.
"""

import asyncio
import sys
from types import SimpleNamespace

LARGE = 200_000


def start(stage, name="origin"):
    port = stage.port()
    process = stage.run(name, [sys.executable, __file__, port])
    process.wait_ready(lambda: port in stage.listening(process))
    return SimpleNamespace(port=port, name=name, process=process)


class _Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.pending = transport, b""

    def data_received(self, data):
        self.pending += data
        while b"\r\n\r\n" in self.pending and self.pending.startswith(b"GET "):
            head, self.pending = self.pending.split(b"\r\n\r\n", 1)
            size = LARGE if head.startswith(b"GET /large ") else 2
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
            self.transport.write(head + b"x" * size)


async def _serve(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "0.0.0.0", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
