"""Honest clients beside an attack: they ask one request after another and note how long it took."""

import statistics
import threading
import time

from .h2frames import H2Client, get
from .wire import Client


class Honest:
    """One HTTP/1.1 and one HTTP/2 connection, each in a thread of its own, until stopped."""

    def __init__(self, host, port):
        self.taken = []  # (when it began, seconds it took)
        self.failures = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(ask(host, port),), daemon=True)
                         for ask in (_ask_http1, _ask_http2)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join(10)

    close = stop

    def watch(self, seconds):
        """Latencies of the requests that begin within the next seconds."""
        began = time.monotonic()
        self._stopped.wait(seconds)
        return self.since(began)

    def since(self, began):
        return Latencies([took for at, took in list(self.taken) if at >= began])

    def _run(self, ask):
        try:
            for number in range(1_000_000):
                if self._stopped.is_set():
                    return
                began = time.monotonic()
                status = next(ask)
                self.taken.append((began, time.monotonic() - began))
                if status != 200:
                    self.failures.append(f"request {number}: {status}")
                self._stopped.wait(0.002)
        except Exception as error:  # told by the test, which runs in another thread
            self.failures.append(repr(error))


class Latencies:
    def __init__(self, seconds):
        self.count = len(seconds)
        self.median = statistics.median(seconds) if seconds else 0.0
        self.worst = max(seconds, default=0.0)

    def __repr__(self):
        return (f"{self.count} requests, median {self.median * 1e3:.2f} ms, "
                f"worst {self.worst * 1e3:.2f} ms")


def _ask_http1(host, port):
    with Client(host, port) as client:
        while True:
            yield client.get().status


def _ask_http2(host, port):
    with H2Client(host, port) as client:
        for stream in range(1, 1 << 31, 2):
            client.send(get(stream))
            yield client.response(stream)
            client.seen.clear()
