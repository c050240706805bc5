"""The proxies that are compared. Each starts on its own ports in front of the same origin.

HAProxy and ours get the same configuration file, but for the port numbers.
"""

import os
import shutil
import subprocess

from . import processes
from .processes import StartFailure

# What is listened for, each on a port of its own: HTTP/1.1, two kinds of TCP, HTTP/2 by prior
# knowledge, the same with an HTTP/2 server behind it, and TLS with either kind of key.
CLEAR_SERVICES = ("http", "echo", "bulk")
TLS_SERVICES = ("tls-rsa", "tls-ecdsa")
SERVICES = (*CLEAR_SERVICES, "h2", "h2-upstream", *TLS_SERVICES)
NGINX_STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"

# Room for 5,000 idle clients. HAProxy sizes its tables, and its share of splice pipes, by this.
MAXCONN = 8000
SPLICE_MAXCONN = 3000


def h2_and_tls_frontends(ports, origin, certificates):
    """The part of haproxy_config() with TLS and HTTP/2."""
    sections = [f"frontend h2\n    bind 127.0.0.1:{ports['h2']} proto h2\n    default_backend web\n"]
    for service in TLS_SERVICES:
        bind = f"bind 127.0.0.1:{ports[service]} ssl crt {certificates[service]} alpn h2,http/1.1"
        sections.append(f"frontend {service}\n    {bind}\n    default_backend web\n")
    if "h2" in origin:
        sections.append(
            f"frontend h2-upstream\n    bind 127.0.0.1:{ports['h2-upstream']} proto h2\n"
            f"    default_backend h2-web\n\n"
            f"backend h2-web\n    server h2-web1 {origin['h2']} proto h2\n"
        )
    return "\n" + "\n".join(sections)


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
    services = SERVICES  # those it takes part in

    def __init__(self, rig):
        self.rig = rig
        if "h2" not in rig.origin:
            self.services = tuple(s for s in self.services if s != "h2-upstream")
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

    def _start_proxy(self, argv, suffix="", services=()):
        process = self.rig.processes.start(self.name + suffix, argv, core=self.rig.proxy_core)
        self.proxy.append(process)
        for service in services or self.services:
            processes.wait_for_port(process, self.ports[service])

    def config_text(self, splice=False, extra_server="", extra_section=""):
        """The file HAProxy and ours share."""
        extra_section += h2_and_tls_frontends(self.ports, self.rig.origin, self.rig.certificates)
        return haproxy_config(self.ports, self.rig.origin, splice, extra_server, extra_section)

    def _write(self, file_name, text):
        path = os.path.join(self.rig.folder, f"{self.name}-{file_name}")
        with open(path, "w") as file:
            file.write(text)
        return path


class Relay(Peer):
    """The bare byte relay: one process for each port, which share the proxy's core."""

    name = "relay"
    title = "bare relay"
    services = CLEAR_SERVICES

    def start(self):
        for service in self.services:
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
        path = self._write("haproxy.cfg", self.config_text(self.splice))
        self._start_proxy(["/usr/sbin/haproxy", "-db", "-f", path])

    def version(self):
        return first_line(["/usr/sbin/haproxy", "-v"])


class HaproxySplice(Haproxy):
    name = "haproxy-splice"
    title = "HAProxy, splice-auto"
    splice = True
    is_for_bulk_only = True
    services = CLEAR_SERVICES


class Nginx(Peer):
    name = "nginx"
    title = "nginx"
    services = tuple(s for s in SERVICES if s != "h2-upstream")  # it speaks HTTP/1.1 to servers

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
        listens = {"http": "backlog=4096", "h2": "http2"}
        listens.update({service: "ssl http2" for service in TLS_SERVICES})
        servers = "\n".join(self._server(service, how) for service, how in listens.items())
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
    ssl_protocols TLSv1.2 TLSv1.3;
    upstream web {{
        server {self.rig.origin['http']};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
{servers}
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


    def _server(self, service, how):
        certificate = self.rig.certificates.get(service)
        lines = f"ssl_certificate {certificate}; ssl_certificate_key {certificate};"
        return f"""    server {{
        listen 127.0.0.1:{self.ports[service]} {how};
        {lines if certificate else ''}
        location / {{
            proxy_pass http://web;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_max_temp_file_size 0;
        }}
    }}"""


class Nghttpx(Peer):
    """nghttp2's own proxy. A process for each key and one for HTTP/2 servers, on the same core."""

    name = "nghttpx"
    title = "nghttpx"
    services = ("h2", "h2-upstream", *TLS_SERVICES)

    def missing(self):
        return "" if shutil.which("nghttpx") else "nghttpx (nghttp2-proxy) is not installed"

    def start(self):
        rsa = self.rig.certificates["tls-rsa"]
        ecdsa = self.rig.certificates["tls-ecdsa"]
        web = self.rig.origin["http"].replace(":", ",")
        self._start("rsa", web, ["h2", "tls-rsa"], rsa)
        self._start("ecdsa", web, ["tls-ecdsa"], ecdsa)
        if "h2-upstream" in self.services:
            h2_web = self.rig.origin["h2"].replace(":", ",") + ";/;proto=h2"
            self._start("h2", h2_web, ["h2-upstream"], rsa)

    def version(self):
        return first_line(["nghttpx", "--version"])

    def _start(self, suffix, backend, services, certificate):
        argv = ["nghttpx", "--conf=/dev/null", "--workers=1", "--single-process", "--no-ocsp"]
        argv += ["--accesslog-file=/dev/null", "--errorlog-file=/dev/stderr", f"--backend={backend}"]
        argv += ["--no-server-rewrite", "--no-via", "--frontend-keep-alive-timeout=600s"]
        for service in services:
            clear = "" if service in TLS_SERVICES else ";no-tls"
            argv.append(f"--frontend=127.0.0.1,{self.ports[service]}{clear}")
        self._start_proxy([*argv, certificate + ".key", certificate], "-" + suffix, services)


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
        config = self._write("lb.cfg", config_text or self.config_text())
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
        config = self._write("lbd.cfg", self.config_text())
        self._start_proxy(self.commands.standalone(config, self.rig.new_folder("lbd")))

    def version(self):
        return first_line([self.rig.program("lbd"), "--version"])


PEERS = (Relay, Haproxy, HaproxySplice, Nginx, Nghttpx, Lb, Lbd)


def first_line(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else ""


__all__ = ["PEERS", "Lb", "LbCommands", "Peer", "StartFailure"]
