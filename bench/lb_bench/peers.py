"""The proxies that are compared. Each starts on its own ports in front of the same origin.

HAProxy and ours get the same configuration file, but for the port numbers.
"""

import os
import subprocess

from . import processes
from .processes import StartFailure

SERVICES = ("http", "echo", "bulk")
NGINX_STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"

# Room for 5,000 idle clients. HAProxy sizes its tables, and its share of splice pipes, by this.
MAXCONN = 8000
SPLICE_MAXCONN = 3000


def haproxy_config(ports, origin, splice=False, extra_server="", extra_section=""):
    """`ports` maps a service to the port to listen on, `origin` to the origin's ADDRESS:PORT."""
    return f"""global
    nbthread 1
    maxconn {SPLICE_MAXCONN if splice else MAXCONN}

defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
{'    option splice-auto' if splice else ''}

frontend http
    bind 127.0.0.1:{ports['http']}
    default_backend web

backend web
    server web1 {origin['http']}
{extra_server}

frontend echo
    mode tcp
    bind 127.0.0.1:{ports['echo']}
    default_backend echo-origin

backend echo-origin
    mode tcp
    server echo1 {origin['echo']}

frontend bulk
    mode tcp
    bind 127.0.0.1:{ports['bulk']}
    default_backend bulk-origin

backend bulk-origin
    mode tcp
    server bulk1 {origin['bulk']}
{extra_section}
"""


class Peer:
    """One proxy. start() leaves it serving; `ports` says where."""

    name = ""
    title = ""
    # Only in the workloads that move large bodies.
    is_for_bulk_only = False

    def __init__(self, rig):
        self.rig = rig
        self.ports = {service: processes.free_port() for service in SERVICES}
        self.proxy = []  # what is measured
        self.control = []  # what is only shown

    def missing(self):
        """Why this peer cannot run here, or ''."""
        return ""

    def start(self):
        raise NotImplementedError

    def stop(self):
        self.rig.processes.stop(*self.proxy, *self.control)
        self.proxy, self.control = [], []

    def proxy_pids(self):
        return [pid for process in self.proxy for pid in processes.tree(process.pid)]

    def control_pids(self):
        return [pid for process in self.control for pid in processes.tree(process.pid)]

    def check_alive(self):
        for process in self.proxy + self.control:
            if process.poll() is not None:
                raise StartFailure(
                    f"{process.name} ended with {process.returncode}: {processes.log_tail(process)}"
                )

    def version(self):
        return ""

    def _start_proxy(self, argv, suffix="", services=SERVICES):
        process = self.rig.processes.start(self.name + suffix, argv, core=self.rig.proxy_core)
        self.proxy.append(process)
        for service in services:
            processes.wait_for_port(process, self.ports[service])

    def _write(self, file_name, text):
        path = os.path.join(self.rig.folder, f"{self.name}-{file_name}")
        with open(path, "w") as file:
            file.write(text)
        return path


class Relay(Peer):
    """The bare byte relay: one process for each port, which share the proxy's core."""

    name = "relay"
    title = "bare relay"

    def start(self):
        for service in SERVICES:
            argv = [self.rig.program("bench_relay"), "--listen", f"127.0.0.1:{self.ports[service]}"]
            self._start_proxy(
                [*argv, "--to", self.rig.origin[service]], suffix="-" + service, services=[service]
            )


class Haproxy(Peer):
    name = "haproxy"
    title = "HAProxy"
    splice = False

    def missing(self):
        return (
            "" if os.access("/usr/sbin/haproxy", os.X_OK) else "/usr/sbin/haproxy is not installed"
        )

    def start(self):
        path = self._write(
            "haproxy.cfg", haproxy_config(self.ports, self.rig.origin, splice=self.splice)
        )
        self._start_proxy(["/usr/sbin/haproxy", "-db", "-f", path])

    def version(self):
        return first_line(["/usr/sbin/haproxy", "-v"])


class HaproxySplice(Haproxy):
    name = "haproxy-splice"
    title = "HAProxy, splice-auto"
    splice = True
    is_for_bulk_only = True


class Nginx(Peer):
    name = "nginx"
    title = "nginx"

    def missing(self):
        if not os.access("/usr/sbin/nginx", os.X_OK):
            return "/usr/sbin/nginx is not installed"
        return "" if os.path.exists(NGINX_STREAM) else "libnginx-mod-stream is not installed"

    def start(self):
        prefix = os.path.join(self.rig.folder, "nginx")
        os.makedirs(prefix, exist_ok=True)
        path = self._write("nginx.conf", self._config(prefix))
        self._start_proxy(["/usr/sbin/nginx", "-p", prefix, "-c", path, "-e", "stderr"])

    def version(self):
        return first_line(["/usr/sbin/nginx", "-v"])

    def _config(self, prefix):
        temp_paths = "\n".join(
            f"    {kind}_temp_path {prefix}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        return f"""{user}
load_module {NGINX_STREAM};
daemon off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log stderr;
events {{ worker_connections 20000; }}
http {{
    access_log off;
{temp_paths}
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
    upstream web {{
        server {self.rig.origin['http']};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{self.ports['http']} backlog=4096;
        location / {{
            proxy_pass http://web;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_max_temp_file_size 0;
        }}
    }}
}}
stream {{
    server {{
        listen 127.0.0.1:{self.ports['echo']} backlog=4096;
        proxy_pass {self.rig.origin['echo']};
    }}
    server {{
        listen 127.0.0.1:{self.ports['bulk']} backlog=4096;
        proxy_pass {self.rig.origin['bulk']};
    }}
}}
"""


class LbCommands:
    """How our programs are called. The one place to change when their options do."""

    def __init__(self, rig):
        self.rig = rig

    def missing(self, *names):
        absent = [name for name in names if not self.rig.find_program(name)]
        return f"{', '.join(absent)} not found in {self.rig.build}" if absent else ""

    def control(self, config, state_dir, address):
        return [
            self.rig.program("lbcontrold"),
            "-f",
            config,
            "--state-dir",
            state_dir,
            "--listen",
            address,
            "--insecure-listen",  # the namespaces of a measurement are this machine's own
        ]

    def proxy(self, control_address, node, state_dir):
        program = self.rig.program("lbproxyd")
        return [program, "--control", control_address, "--node", node, "--state-dir", state_dir]

    def standalone(self, config, state_dir):
        return [self.rig.program("lbd"), "-f", config, "--state-dir", state_dir]

    def ctl(self, address, *arguments):
        return [self.rig.program("lbctl"), "--address", address, *arguments]

    def apply(self, address, config):
        return self.ctl(address, "apply", "-f", config)

    def set_server_state(self, address, server, state):
        return self.ctl(address, "set", "server", server, "state", state)


class Lb(Peer):
    """Ours, the planes split: the data plane is measured, the control plane shown beside it."""

    name = "lb"
    title = "lb (lbproxyd)"

    def __init__(self, rig):
        super().__init__(rig)
        self.commands = LbCommands(rig)
        self.address = f"127.0.0.1:{processes.free_port()}"

    def missing(self):
        return self.commands.missing("lbcontrold", "lbproxyd")

    def start(self, config_text=None):
        config = self._write("lb.cfg", config_text or haproxy_config(self.ports, self.rig.origin))
        argv = self.commands.control(config, self.rig.new_folder("control"), self.address)
        control = self.rig.processes.start("lbcontrold", argv, core=self.rig.load_core)
        self.control.append(control)
        processes.wait_for_port(control, int(self.address.rpartition(":")[2]))
        self._start_proxy(self.commands.proxy(self.address, "bench", self.rig.new_folder("node")))

    def version(self):
        return first_line([self.rig.program("lbproxyd"), "--version"])


class Lbd(Peer):
    """Ours, both planes in one process: its figures include the control plane's."""

    name = "lbd"
    title = "lb (lbd)"

    def __init__(self, rig):
        super().__init__(rig)
        self.commands = LbCommands(rig)

    def missing(self):
        return self.commands.missing("lbd")

    def start(self):
        config = self._write("lbd.cfg", haproxy_config(self.ports, self.rig.origin))
        self._start_proxy(self.commands.standalone(config, self.rig.new_folder("lbd")))

    def version(self):
        return first_line([self.rig.program("lbd"), "--version"])


PEERS = (Relay, Haproxy, HaproxySplice, Nginx, Lb, Lbd)


def first_line(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else ""


__all__ = ["PEERS", "Lb", "LbCommands", "Peer", "StartFailure", "haproxy_config"]
