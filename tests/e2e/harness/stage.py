"""The stage of one test: its directory, ports, processes, servers and log receiver, all cleaned up."""

import shutil
import tempfile
from pathlib import Path

from . import ports as ports_module
from .ports import Ports
from .process import Process
from .servers import EchoServer, RecordingServer, WebServer
from .syslog import SyslogReceiver
from .wire import Client


class Stage:
    def __init__(self):
        # Short, because unix socket paths end at 107 bytes.
        self.root = Path(tempfile.mkdtemp(prefix="lbe2e-"))
        self.root.chmod(0o755)
        self.ports = Ports()
        self.processes = []
        self._closing = []
        self._syslog = None

    @property
    def syslog(self):
        if self._syslog is None:
            self._syslog = self.keep(SyslogReceiver(self.ports.free()))
        return self._syslog

    def directory(self, name):
        path = self.root / name
        number = 1
        while path.exists():
            number += 1
            path = self.root / f"{name}{number}"
        path.mkdir()
        return path

    def port(self):
        return self.ports.free()

    def run(self, name, argv, env=None, cwd=None, pass_fds=(), netns=None):
        """Starts a program; the stage ends it."""
        log_path = self.root / f"{name}-{len(self.processes)}.log"
        process = Process(name, argv, log_path, env, cwd, pass_fds, netns)
        self.processes.append(process)
        return process

    def keep(self, thing):
        """Closes (or stops) `thing` when the test ends; returns it."""
        self._closing.append(thing)
        return thing

    def web(self, name, answer=None):
        return self.keep(WebServer(name, self.port(), answer))

    def echo(self, name):
        return self.keep(EchoServer(name, self.port()))

    def recorder(self, name, answer=b""):
        return self.keep(RecordingServer(name, self.port(), answer))

    def client(self, host, port, **options):
        return self.keep(Client(host, port, **options))

    def listening(self, process):
        return ports_module.listening_ports(process.pid)

    def logs(self):
        """Tails of everything that ran, for the report of a failure."""
        tails = [(process.name, process.tail()) for process in self.processes]
        if self._syslog is not None:
            tails.append(("syslog", "\n".join(self._syslog.text().splitlines()[-60:])))
        return [(name, text) for name, text in tails if text]

    def close(self):
        for process in reversed(self.processes):
            process.stop(timeout=5)
        for thing in reversed(self._closing):
            (getattr(thing, "close", None) or thing.stop)()
        self.ports.release()
        shutil.rmtree(self.root, ignore_errors=True)
