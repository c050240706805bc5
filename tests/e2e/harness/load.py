"""Keep-alive load in the background that counts every failure."""

import threading
import time
from collections import Counter

from .wire import Client, ConnectionEnded


class Load:
    """`clients` threads send GETs one after another; a failed request is kept with its reason.

    Each thread keeps one connection and opens another only when the proxy said `Connection: close`.
    """

    def __init__(self, host, port, clients=4, path="/", pause=0.0):
        self.host, self.port, self.path, self.pause = host, port, path, pause
        self.bodies = Counter()
        self.failures = []
        self.connections = 0
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=30)

    @property
    def requests(self):
        return sum(self.bodies.values())

    def seen(self, body):
        return self.bodies[body]

    def _run(self):
        client = None
        while not self._stopping.is_set():
            try:
                if client is None:
                    self.connections += 1
                    client = Client(self.host, self.port)
                response = client.get(self.path)
                if response.status != 200:
                    self.failures.append(f"{response.start}")
                self.bodies[response.text.strip()] += 1
                if "close" in response.get("connection", "").lower():
                    client.close()
                    client = None
            except (OSError, ConnectionEnded) as failure:
                self.failures.append(repr(failure))
                client = None
            time.sleep(self.pause)
        if client:
            client.close()
