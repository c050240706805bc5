"""The proxy under test, in three kinds with one face: `haproxy` (the oracle), `lbd`, and `split`
(lbcontrold with lbproxyd in network namespaces). Command lines of the programs stand here only.
"""

import os
import re
import subprocess
from pathlib import Path

from . import netns
from .lbctl import Lbctl
from .runtime import RuntimeSocket
from .wait import wait_until

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "conf" / "examples"
KINDS = ("haproxy", "lbd", "split")


def binary(name):
    """Where a program of ours is: $LB_BIN_DIR, else the release build."""
    return Path(os.environ.get("LB_BIN_DIR", ROOT / "build" / "release" / "bin")) / name


def why_not(kind):
    """None when a proxy of this kind can run here, else the reason for skipping."""
    return netns.why_not() if kind == "split" else None


def make(kind, stage, nodes=3):
    return {"haproxy": Haproxy, "lbd": Lbd, "split": Split}[kind](stage, nodes)


class Proxy:
    """What a test sees of a proxy.

    hosts          where its listeners are reached, one address per data plane
    server_host    how the proxy reaches the servers of the test
    dataplanes     the processes that carry traffic
    runtime        its runtime socket (RUN_DIR/stats.sock in every scenario)
    """

    kind = None
    is_ours = False

    def __init__(self, stage):
        self.stage = stage
        self.hosts = ["127.0.0.1"]
        self.server_host = "127.0.0.1"
        self.dataplanes = []
        self.directory = stage.directory(self.kind)
        self.config_path = self.directory / "lb.cfg"
        self.runtime = RuntimeSocket(self.directory / "stats.sock")
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "LC_ALL": "C",
                    "RUN_DIR": str(self.directory)}

    @property
    def host(self):
        return self.hosts[0]

    @property
    def process(self):
        return self.dataplanes[0]

    def at(self, server):
        """The address the proxy uses for a server of the test."""
        return f"{self.server_host}:{server.port}"

    def start(self, config, ports=None, pass_fds=(), **variables):
        """Runs `config` (text, or the path of an example) and waits until it listens."""
        self.prepare(config, **variables)
        self.launch(pass_fds)
        self.wait_listening(ports)
        return self

    def prepare(self, config, **variables):
        text = config.read_text() if isinstance(config, Path) else config
        self.env.setdefault("SYSLOG_ADDR", f"{self.server_host}:{self.stage.syslog.port}")
        self.env.update({name: str(value) for name, value in variables.items()})
        self.write(text)

    def write(self, text):
        self.config_path.write_text(text)

    def wait_listening(self, ports=None):
        wanted = set(ports) if ports is not None else bound_ports(self.config_path.read_text(), self.env)
        for dataplane in self.dataplanes:
            dataplane.wait_ready(lambda d=dataplane: wanted <= self.stage.listening(d), timeout=20,
                                 what=f"listeners {sorted(wanted)}")

    def launch(self, pass_fds=()):
        raise NotImplementedError

    def stop(self):
        for dataplane in self.dataplanes:
            dataplane.stop()


class Haproxy(Proxy):
    kind = "haproxy"

    def __init__(self, stage, _nodes=1):
        super().__init__(stage)

    def launch(self, pass_fds=()):
        argv = ["haproxy", "-f", self.config_path, "-db"]
        self.dataplanes = [self.stage.run("haproxy", argv, self.env, pass_fds=pass_fds)]


class Ours(Proxy):
    """What lbd and the split planes share: a state directory, lbctl, and pushes."""

    is_ours = True

    def __init__(self, stage):
        super().__init__(stage)
        self.state_dir = self.directory / "state"
        self.lbctl = None

    def apply(self, text, *words, check=True):
        """Pushes another text with lbctl; the finished lbctl."""
        path = self.directory / "next.cfg"
        path.write_text(text)
        done = self.lbctl.run("apply", "-f", path, *words)
        assert not check or done.returncode == 0, f"apply: {done.stdout}{done.stderr}"
        return done

    def _use_lbctl(self, address):
        self.lbctl = Lbctl(binary("lbctl"), address, self.env)


class Lbd(Ours):
    kind = "lbd"

    def __init__(self, stage, _nodes=1):
        super().__init__(stage)
        self.address = f"unix:{self.directory}/admin.sock"
        self._use_lbctl(self.address)

    @property
    def control(self):
        return self.process

    def launch(self, pass_fds=()):
        argv = [binary("lbd"), "-f", self.config_path, "--state-dir", self.state_dir,
                "--listen", self.address]
        self.dataplanes = [self.stage.run("lbd", argv, self.env, pass_fds=pass_fds)]


class Split(Ours):
    kind = "split"

    def __init__(self, stage, nodes=3):
        super().__init__(stage)
        self.network = stage.keep(netns.Network(nodes))
        self.hosts = list(self.network.addresses)
        self.server_host = self.network.gateway
        self.control_address = f"{self.network.gateway}:{stage.ports.free()}"
        self.control = None
        self.pki = self.directory / "pki"
        self._make_certificates(nodes)
        for option, path in self.tls_options("operator").items():
            self.env["LBCTL_" + option.strip("-").upper().replace("-", "_")] = str(path)
        self._use_lbctl(self.control_address)

    def _make_certificates(self, nodes):
        def pki(*words):
            subprocess.run([binary("lbctl"), "pki", *words, "--dir", self.pki], check=True,
                           capture_output=True)
        pki("init")
        pki("issue", "control", self.network.gateway, "--role", "control")
        pki("issue", "operator", "--role", "operator")
        for index in range(nodes):
            pki("issue", f"node{index + 1}")

    def tls_options(self, name):
        """The options with which `name` proves who it is on the channel."""
        return {"--tls-cert": self.pki / f"{name}.pem", "--tls-key": self.pki / f"{name}.key",
                "--tls-ca": self.pki / "ca.pem"}

    def _tls_words(self, name):
        return [word for pair in self.tls_options(name).items() for word in pair]

    def launch(self, pass_fds=()):
        self.launch_control()
        self.dataplanes = [self.launch_dataplane(index) for index in range(len(self.hosts))]

    def launch_control(self):
        argv = [binary("lbcontrold"), "-f", self.config_path, "--state-dir", self.state_dir,
                "--listen", self.control_address, *self._tls_words("control")]
        self.control = self.stage.run("lbcontrold", argv, self.env)
        port = int(self.control_address.rsplit(":", 1)[1])
        self.control.wait_ready(lambda: port in self.stage.listening(self.control))

    def launch_dataplane(self, index):
        argv = [binary("lbproxyd"), "--control", self.control_address, "--node", f"node{index + 1}",
                "--state-dir", self.directory / f"node{index + 1}", *self._tls_words(f"node{index + 1}")]
        return self.stage.run(f"lbproxyd{index + 1}", argv, self.env,
                              netns=self.network.names[index])

    def relaunch_dataplane(self, index):
        """Starts data plane `index` again after its end, and waits until it listens."""
        self.dataplanes[index] = self.launch_dataplane(index)
        self.wait_listening()

    def stop(self):
        super().stop()
        if self.control:
            self.control.stop()


def bound_ports(config, env):
    """The TCP ports that the `bind` lines of a configuration name."""
    ports = set()
    for words in re.findall(r"^\s*bind\s+(\S+)", config, re.MULTILINE):
        word = re.sub(r"\$\{(\w+)\}", lambda match: env[match[1]], words.strip('"'))
        if match := re.fullmatch(r"[^@]*?:(\d+)(?:-(\d+))?", word):
            ports.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return ports


def settled(proxy, states, timeout=15):
    """Waits until `show stat` gives each (backend, server) the wanted status."""
    def as_wanted():
        rows = proxy.runtime.stat()
        return all(rows[key]["status"] == status for key, status in states.items())

    def seen():
        rows = proxy.runtime.stat()
        return str({key: rows[key]["status"] for key in states})
    wait_until(as_wanted, timeout, lambda: f"states {states}; seen {seen()}", interval=0.05)
