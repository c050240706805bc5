"""TLS from clients and to servers, beyond the scenario: resumption, replaced certificates, chains."""

import http.client
import shutil
import socket
import ssl
from pathlib import Path

import pytest

from harness.curl import curl
from harness.proxies import ROOT
from harness.runtime import RuntimeSocket
from harness.wait import wait_until

CERTS = ROOT / "tests" / "testing" / "certs"
NAME = "www.example.test"

CONFIG = """
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind "*:{port}" ssl crt {certs}/site.pem alpn http/1.1
    http-response set-header x-tls "%[ssl_fc_protocol] %[ssl_fc_sni] %[ssl_fc_is_resumed]"
    default_backend app
backend app
    server app1 {server}
"""


def context(version=None):
    made = ssl.create_default_context(cafile=CERTS / "ca.pem")
    if version:
        made.minimum_version = made.maximum_version = version
    return made


class TlsClient:
    """One connection over TLS; `get` asks for "/" and gives the x-tls field of the response."""

    def __init__(self, host, port, with_context, session=None):
        raw = socket.create_connection((host, port), timeout=5)
        self.socket = with_context.wrap_socket(raw, server_hostname=NAME, session=session)

    def get(self):
        self.socket.sendall(b"GET / HTTP/1.1\r\nHost: " + NAME.encode() + b"\r\n\r\n")
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        response.read()
        assert response.status == 200
        return response.headers["x-tls"]

    def certificate(self):
        return self.socket.getpeercert(binary_form=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.mark.kinds("lbd", "split")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_resumes_on_every_data_plane(stage, proxy, version):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, certs=CERTS, server=proxy.at(stage.web("app1"))))
    with_context = context(version)
    with TlsClient(proxy.hosts[0], port, with_context) as first:
        name = version.name.replace("_", ".")
        assert first.get() == f"{name} {NAME} 0"
        session = first.socket.session
    for host in proxy.hosts:
        with TlsClient(host, port, with_context, session) as client:
            assert client.socket.session_reused, host
            assert client.get().endswith(" 1")


@pytest.mark.kinds("lbd", "split")
def test_a_replaced_certificate_serves_new_handshakes_and_drops_nobody(stage, proxy):
    port, certs = stage.port(), stage.directory("certs")
    shutil.copy(CERTS / "site.pem", certs / "site.pem")
    text = CONFIG.format(port=port, certs=certs, server=proxy.at(stage.web("app1")))
    proxy.start(text)
    clients = [TlsClient(host, port, context()) for host in proxy.hosts]
    before = {client.certificate() for client in clients}
    shutil.copy(CERTS / "site-rsa.pem", certs / "site.pem")
    proxy.apply(text)
    for host, client in zip(proxy.hosts, clients):
        with TlsClient(host, port, context()) as later:
            assert later.certificate() not in before
            later.get()
        client.get()  # on the connection from before
        client.socket.close()
    assert "PRIVATE" not in proxy.lbctl.ok("show", "config") + proxy.lbctl.ok("show", "events")


@pytest.mark.kinds("lbd", "split")
def test_keys_lie_on_disk_for_the_owner_alone(stage, proxy):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, certs=CERTS, server=proxy.at(stage.web("app1"))))
    key = (CERTS / "site.pem").read_text().split("PRIVATE KEY-----\n")[1].splitlines()[0]
    for path in Path(proxy.directory).rglob("*"):
        if path.is_file() and key.encode() in path.read_bytes():
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.kinds("lbd", "haproxy")
def test_certificates_are_listed_and_shown_alike(stage, proxy):
    """The names that HAProxy 2.6 adds as blanks are left out."""
    port, socket_path = stage.port(), stage.root / "s.sock"
    text = f"global\n    stats socket {socket_path} level admin\n"
    proxy.start(text + CONFIG.format(port=port, certs=CERTS, server=proxy.at(stage.web("app1"))))
    runtime = RuntimeSocket(socket_path)
    assert runtime.ask("show ssl cert") == f"# filename\n{CERTS}/site.pem\n\n"
    shown = dict(line.split(": ", 1) for line in runtime.ask(f"show ssl cert {CERTS}/site.pem").splitlines()
                 if ": " in line)
    assert shown["Subject"] == "/C=XX/O=Example/CN=www.example.test"
    assert shown["Issuer"] == "/C=XX/O=Example/CN=Example Test CA"
    assert shown["notAfter"] == "Jan  1 00:00:00 2125 GMT"
    assert shown["Algorithm"] == "EC256"
    assert shown["Serial"] == "1001"
    assert shown["Subject Alternative Name"].startswith(f"DNS:{NAME}, DNS:api.example.test")
    assert len(shown["SHA1 FingerPrint"]) == 40
    assert "Not found" in runtime.ask("show ssl cert nosuch")
    if proxy.is_ours:
        assert proxy.lbctl.ok("show", "ssl", "cert").startswith("# filename\n")
        assert "www.example.test" in proxy.lbctl.ok("show", "ssl", "cert", CERTS / "site.pem")


CHAIN = """
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    retries 0
frontend in
    bind "127.0.0.1:{port}"
    use_backend trusting if {{ path_beg /good }}
    use_backend wary if {{ path_beg /foreign }}
    use_backend misled if {{ path_beg /name }}
    default_backend blind
backend trusting
    option httpchk GET /check
    server far 127.0.0.1:{inner} check inter 100 ssl verify required ca-file {certs}/ca.pem sni str({name}) check-sni {name} crt {certs}/client.pem
backend wary
    server far 127.0.0.1:{inner} check inter 100 ssl verify required ca-file {certs}/other-ca.pem sni str({name}) check-sni {name}
backend misled
    server far 127.0.0.1:{inner} ssl verify required ca-file {certs}/ca.pem sni str(elsewhere.test)
backend blind
    server far 127.0.0.1:{inner} ssl verify none
frontend inner
    bind "127.0.0.1:{inner}" ssl crt {certs}/site.pem ca-file {certs}/ca.pem verify optional
    http-response set-header x-client "%[ssl_c_used] %[ssl_c_s_dn(CN)] %[ssl_fc_sni]"
    default_backend app
backend app
    server app1 {server}
"""


@pytest.mark.kinds("lbd", "haproxy")
def test_servers_are_verified_as_their_lines_say(stage, proxy):
    port, server = stage.port(), stage.web("app1")
    proxy.start(CHAIN.format(port=port, inner=stage.port(), certs=CERTS, name=NAME,
                             server=proxy.at(server)))
    url = f"http://{proxy.host}:{port}"
    wait_until(lambda: "OK app1" in curl(f"{url}/good", "-i", "--retry", "3"), what="the first verdict")
    answer = curl(f"{url}/good", "-i")
    assert "x-client: 1 " in answer and f" {NAME}" in answer
    assert "x-client: 0" in curl(f"{url}/blind", "-i")

    def status(path):
        return curl(f"{url}{path}", "-o", "/dev/null", "-w", "%{http_code}", "--no-fail").strip()

    assert wait_until(lambda: status("/foreign") == "503", what="a server that is not trusted")
    assert status("/name") == "503"


REPOINTED = """
global
    nbthread 1
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    retries 0
frontend in
    bind "*:{port}"
    default_backend out
backend out
    http-reuse always
    server far 127.0.0.1:{inner} ssl {trust}
frontend inner
    bind "*:{inner}" ssl crt {certs}/site.pem
    default_backend app
backend app
    server app1 {server}
"""


@pytest.mark.kinds("lbd", "split")
def test_a_connection_made_under_other_terms_is_not_used_again(stage, proxy):
    port, inner, server = stage.port(), stage.port(), proxy.at(stage.web("app1"))

    def config(trust):
        return REPOINTED.format(port=port, inner=inner, certs=CERTS, server=server, trust=trust)

    proxy.start(config("verify none"))
    for host in proxy.hosts:
        assert curl(f"http://{host}:{port}/").startswith("OK app1")  # leaves an idle connection
    proxy.apply(config(f"verify required ca-file {CERTS}/other-ca.pem"))
    for host in proxy.hosts:
        assert curl(f"http://{host}:{port}/", "-o", "/dev/null", "-w", "%{http_code}", "--no-fail") == "503"
