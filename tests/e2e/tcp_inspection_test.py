"""TCP inspection: rules that wait for what the client sends, and TLS that is passed through by name."""

import socket
import ssl
import subprocess
import time

import pytest

from harness.servers import TcpServer
from harness.wait import wait_until

CONFIG = """
global
    nbthread 2
    log "${{SYSLOG_ADDR}}" local0
defaults
    mode tcp
    log global
    option tcplog
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend door
    bind ":{port}"
    {rules}
    default_backend other
backend named
    server named1 {named}
backend other
    server other1 {other}
"""


class TlsServer(TcpServer):
    """Says its name over TLS, and which protocol was agreed on."""

    def __init__(self, name, port, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        super().__init__(name, port)

    def serve(self, sock):
        with self.context.wrap_socket(sock, server_side=True) as stream:
            stream.sendall(f"{self.name} {stream.selected_alpn_protocol()}\n".encode())
            stream.recv(1)


@pytest.fixture
def port(stage):
    return stage.port()


@pytest.fixture
def certificate(stage):
    path = stage.directory("tls") / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=a.test", "-keyout", path, "-out", f"{path}.crt"],
                   check=True, capture_output=True)
    path.write_text(path.read_text() + (path.parent / f"{path.name}.crt").read_text())
    return path


def start(proxy, port, named, other, *rules):
    proxy.start(CONFIG.format(port=port, named=proxy.at(named), other=proxy.at(other),
                              rules="\n    ".join(rules)))


def over_tls(proxy, port, name, protocols=None, version=None):
    """What a TLS client that asks for `name` is told."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    if version:
        context.maximum_version = version
    with socket.create_connection((proxy.host, port), timeout=10) as sock:
        with context.wrap_socket(sock, server_hostname=name) as stream:
            return stream.recv(100).decode()


BY_NAME = ("tcp-request inspect-delay 5s", "tcp-request content accept if { req.ssl_hello_type 1 }",
           "tcp-request content reject", "use_backend named if { req.ssl_sni -i A.test }")


@pytest.mark.kinds("haproxy", "lbd", "split")
def test_passed_through_tls_goes_by_the_name_it_asks_for(stage, proxy, port, certificate):
    named = stage.keep(TlsServer("named", stage.port(), certificate))
    other = stage.keep(TlsServer("other", stage.port(), certificate))
    start(proxy, port, named, other, *BY_NAME)
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        assert over_tls(proxy, port, "a.test", version=version) == "named None\n"
        assert over_tls(proxy, port, "b.test", version=version) == "other None\n"
        assert over_tls(proxy, port, None, version=version) == "other None\n"


def test_passed_through_tls_goes_by_the_protocol_it_offers(stage, proxy, port, certificate):
    named = stage.keep(TlsServer("named", stage.port(), certificate))
    other = stage.keep(TlsServer("other", stage.port(), certificate))
    start(proxy, port, named, other, *BY_NAME[:3], "use_backend named if { req.ssl_alpn h2 }")
    assert over_tls(proxy, port, "a.test", ["h2", "http/1.1"]) == "named h2\n"
    assert over_tls(proxy, port, "a.test", ["http/1.1"]) == "other http/1.1\n"


@pytest.mark.parametrize("pattern,accepted", [("3.3", True), ("gt 3.2", True), ("3.0:3.2", False),
                                              ("lt 3", False), ("3", False)])
def test_versions_are_compared_as_such(stage, proxy, port, certificate, pattern, accepted):
    server = stage.keep(TlsServer("other", stage.port(), certificate))
    start(proxy, port, server, server, "tcp-request inspect-delay 5s",
          f"tcp-request content accept if {{ req.ssl_ver {pattern} }}", "tcp-request content reject")
    if accepted:
        assert over_tls(proxy, port, "a.test") == "other None\n"
    else:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            over_tls(proxy, port, "a.test")


def test_a_hello_may_come_in_pieces(stage, proxy, port):
    named, other = stage.recorder("named"), stage.recorder("other")
    start(proxy, port, named, other, *BY_NAME)
    hello = client_hello("a.test")
    client = stage.client(proxy.host, port)
    for at in range(0, len(hello), 40):
        client.send(hello[at:at + 40])
        time.sleep(0.002)  # only makes separate packets likely
    wait_until(lambda: b"".join(named.received) == hello, what="the hello at the server")
    assert other.received == []


def client_hello(name):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stream = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        stream.do_handshake()
    return outgoing.read()


def test_what_is_no_hello_is_rejected_at_once_and_logged(stage, proxy, port, syslog):
    other = stage.recorder("other")
    start(proxy, port, other, other, *BY_NAME)
    began = time.monotonic()
    assert stage.client(proxy.host, port).send(b"GET / HTTP/1.1\r\n\r\n").is_closed_by_peer()
    assert time.monotonic() - began < 3
    syslog.wait_for(r"door door/<NOSRV> -1/-1/\d+ 0 PR ")
    assert other.received == []


@pytest.mark.kinds("haproxy", "lbd", "split")
def test_rules_that_stay_undecided_are_false_after_the_delay(stage, proxy, port, syslog):
    other = stage.recorder("other")
    start(proxy, port, other, other, "tcp-request inspect-delay 700ms", *BY_NAME[1:])
    began = time.monotonic()
    client = stage.client(proxy.host, port).send(client_hello("a.test")[:50])
    assert client.is_closed_by_peer()
    assert 0.5 < time.monotonic() - began < 4
    syslog.wait_for(r"door door/<NOSRV> -1/-1/\d+ 0 PR ")


def test_wait_end_waits_for_the_whole_delay(stage, proxy, port):
    other = stage.recorder("other", b"hello")
    start(proxy, port, other, other, "tcp-request inspect-delay 700ms",
          "tcp-request content accept if WAIT_END")
    began = time.monotonic()
    client = stage.client(proxy.host, port).send(b"abc")
    assert client.reader.exactly(5) == b"hello"
    assert time.monotonic() - began > 0.5
    wait_until(lambda: b"".join(other.received) == b"abc", what="the bytes at the server")


def test_bytes_choose_between_protocols(stage, proxy, port):
    named, other = stage.recorder("named"), stage.recorder("other")
    start(proxy, port, named, other, "tcp-request inspect-delay 5s",
          "tcp-request content accept if { req.payload(0,4) -m bin 53534832 }",
          "tcp-request content accept if HTTP", "tcp-request content reject if { req.len gt 100 }",
          "use_backend named if { req.payload(0,4) -m str SSH2 }")
    stage.client(proxy.host, port).send(b"SSH2-and-more")
    wait_until(lambda: b"".join(named.received) == b"SSH2-and-more", what="bytes of SSH")
    stage.client(proxy.host, port).send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    wait_until(lambda: b"".join(other.received).startswith(b"GET / "), what="bytes of HTTP")


def test_methods_are_known_in_tcp_mode(stage, proxy, port):
    other = stage.recorder("other", b"hello")
    start(proxy, port, other, other, "tcp-request inspect-delay 5s",
          "tcp-request content accept if HTTP METH_GET", "tcp-request content reject")
    client = stage.client(proxy.host, port).send(b"GET /").send(b" HTTP/1.0\r\n\r\n")
    assert client.reader.exactly(5) == b"hello"
    assert stage.client(proxy.host, port).send(b"POST / HTTP/1.0\r\n\r\n").is_closed_by_peer()


def test_an_idle_client_ends_before_a_longer_delay(stage, proxy, port, syslog):
    other = stage.recorder("other")
    start(proxy, port, other, other, "timeout client 500ms", "tcp-request inspect-delay 20s",
          "tcp-request content accept if WAIT_END")
    assert stage.client(proxy.host, port).is_closed_by_peer()
    syslog.wait_for(r" -1/-1/\d+ 0 cR ")
