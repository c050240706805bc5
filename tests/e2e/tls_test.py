"""TLS from clients and to servers, beyond the scenario: resumption, replaced certificates, chains."""

import http.client
import shutil
import socket
import ssl
import subprocess
import time
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


@pytest.mark.kinds("lbd", "split", "haproxy")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_resumes_with_its_name_on_every_data_plane(stage, proxy, version):
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
            assert client.get() == f"{name} {NAME} 1"


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
    http-response set-header x-names "%[ssl_c_s_dn(cn)] %[ssl_c_i_dn(o,-1)] %[ssl_f_s_dn(o,2)] %[ssl_c_s_dn(,0,rfc2253)]"
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
    assert "x-names: client one Example  CN=client one,OU=Robots,O=Example,C=XX" in answer
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


KEYWORDS = """
global
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
    {settings}
defaults
    mode http
    timeout connect 5s
    timeout client 2s
    timeout server 5s
frontend web
    bind "*:{port}" ssl {line} alpn http/1.1
    http-response set-header x-tls "%[ssl_fc_protocol] %[ssl_fc_sni] %[ssl_fc_is_resumed]"
    default_backend app
backend app
    server app1 {server}
"""


def with_keywords(stage, proxy, line, settings=""):
    port = stage.port()
    proxy.start(KEYWORDS.format(port=port, line=line, settings=settings,
                                server=proxy.at(stage.web("app1"))))
    return port


@pytest.mark.kinds("lbd", "haproxy")
def test_strict_sni_without_a_certificate_refuses_everybody(stage, proxy):
    port = with_keywords(stage, proxy, "strict-sni")
    with pytest.raises(ssl.SSLError, match="(?i)unrecognized.name"):
        TlsClient(proxy.host, port, context())


@pytest.mark.kinds("lbd", "haproxy")
def test_issuers_complete_a_chain_and_self_issued_ones_stay_at_home(stage, proxy):
    blocks = (CERTS / "deep.pem").read_text().split("-----BEGIN ")
    middle = next(b for b in reversed(blocks) if b.startswith("CERTIFICATE"))
    certs, issuers = stage.directory("certs"), stage.directory("issuers")
    (certs / "leaf.pem").write_text("-----BEGIN ".join(b for b in blocks if b is not middle))
    (issuers / "middle.pem").write_text("-----BEGIN " + middle + (CERTS / "ca.pem").read_text())
    port = with_keywords(stage, proxy, f"crt {certs}/leaf.pem",
                         f"issuers-chain-path {issuers}\n    ssl-skip-self-issued-ca")
    done = subprocess.run(["openssl", "s_client", "-connect", f"{proxy.host}:{port}", "-showcerts"],
                          input="", capture_output=True, text=True, timeout=10)
    assert done.stdout.count("BEGIN CERTIFICATE") == 2, done.stdout


@pytest.mark.kinds("lbd", "haproxy")
def test_a_crt_list_may_tell_no_names_of_authorities(stage, proxy):
    directory = stage.directory("certs")
    (directory / "list").write_text(
        f"{CERTS}/site.pem [ca-file {CERTS}/ca.pem verify optional] www.example.test\n"
        f"{CERTS}/wildcard.pem [ca-file {CERTS}/ca.pem verify optional no-ca-names] *.example.test\n")
    port = with_keywords(stage, proxy, f"crt-list {directory}/list")

    def names(server_name):
        done = subprocess.run(["openssl", "s_client", "-connect", f"{proxy.host}:{port}", "-servername",
                               server_name], input="", capture_output=True, text=True, timeout=10)
        return "Example Test CA" in done.stdout.split("Acceptable client certificate CA names")[-1] \
            if "Acceptable client" in done.stdout else False

    assert names("www.example.test")
    assert not names("any.example.test")


@pytest.mark.kinds("lbd")
def test_the_count_of_tls_connections_is_shown_and_limited(stage, proxy):
    port = with_keywords(stage, proxy, f"crt {CERTS}/site.pem", "maxsslconn 2")
    clients = [TlsClient(proxy.host, port, context()) for _ in range(2)]
    for client in clients:
        client.get()
    info = proxy.runtime.info()
    assert (info["MaxSslConns"], info["CurrSslConns"], info["CumSslConns"]) == ("2", "2", "2")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        TlsClient(proxy.host, port, context())
    clients.pop().socket.close()
    wait_until(lambda: proxy.runtime.info()["CurrSslConns"] == "1", what="the end of a connection")
    with TlsClient(proxy.host, port, context()) as third:
        third.get()
    clients[0].socket.close()


@pytest.mark.kinds("lbd")
def test_handshakes_wait_their_turn(stage, proxy):
    port = with_keywords(stage, proxy, f"crt {CERTS}/site.pem", "maxsslrate 5")
    began = time.monotonic()
    for _ in range(10):
        with TlsClient(proxy.host, port, context()) as client:
            client.get()
    assert 0.7 < time.monotonic() - began < 4
    assert proxy.runtime.info()["SslRateLimit"] == "5"


@pytest.mark.kinds("lbd", "haproxy")
def test_rules_see_the_certificate_of_the_server(stage, proxy):
    port, inner = stage.port(), stage.port()
    proxy.start(f"""
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind "*:{port}"
    http-response set-header x-server "%[ssl_s_s_dn(CN)] %[ssl_s_i_dn(CN)] %[ssl_s_serial,hex] %[ssl_s_version] %[ssl_s_notbefore] %[ssl_s_key_alg] %[ssl_s_sig_alg] %[ssl_s_sha1,hex]"
    default_backend far
backend far
    server inner 127.0.0.1:{inner} ssl verify none
frontend inner
    bind "127.0.0.1:{inner}" ssl crt {CERTS}/site.pem
    http-request return status 200
""")
    assert "x-server: www.example.test Example Test CA 1001 3 200101000000Z id-ecPublicKey " \
        "ecdsa-with-SHA256 504780D08122ECE9071C862856DC97A0D0276CC4" in curl(f"http://{proxy.host}:{port}/", "-i")
