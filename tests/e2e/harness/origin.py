"""A web server in a process of its own, for tests that load it: beside the threads of a test it would
slow down whoever measures there.

    server = origin.start(stage)        # an address for proxy.at(), with `port`
"""

import signal
import sys
from types import SimpleNamespace

LARGE = 200_000  # bytes of /large


def start(stage, name="origin"):
    port = stage.port()
    process = stage.run(name, [sys.executable, __file__, port])
    process.wait_ready(lambda: port in stage.listening(process))
    return SimpleNamespace(port=port, name=name, process=process)


def main(port):
    from harness.servers import WebServer, reply
    small, large = reply(200, b"ok"), reply(200, b"x" * LARGE)
    WebServer("origin", port, lambda request, _: large if request.target == "/large" else small)
    signal.pause()


if __name__ == "__main__":
    from pathlib import Path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    main(int(sys.argv[1]))
