"""The PROXY protocol: received from clients, sent to servers, and through a chain of both."""

import re
import ssl
from pathlib import Path

import pytest

from harness import proxy_header
from harness.proxy_header import ALPN, AUTHORITY, CRC32C, SSL, UNIQUE_ID, tlv
from harness.wait import wait_until
from harness.wire import Reader

CLIENT, TARGET = ("198.51.100.9", 5555), ("203.0.113.1", 443)
GET = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

CONFIG = """
global
    nbthread 2
    log "${{SYSLOG_ADDR}}" local0
defaults
    mode {mode}
    log global
    option {mode}log
    timeout connect 5s
    timeout client {client_timeout}
    timeout server 10s
frontend web
    bind ":{port}" {bind}
    {rules}
    default_backend app
backend app
    {backend}
    server app1 {server} {options}
"""

ECHO_ENDS = """http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]" """


@pytest.fixture
def port(stage):
    return stage.port()


def start(proxy, port, server, mode="http", bind="", rules="", backend="", options="",
          client_timeout="10s"):
    proxy.start(CONFIG.format(port=port, server=proxy.at(server), mode=mode, bind=bind, rules=rules,
                              backend=backend, options=options, client_timeout=client_timeout))


def ask(stage, proxy, port, header, request=GET):
    return stage.client(proxy.host, port).send(header + request).response().text


@pytest.mark.kinds("haproxy", "lbd", "split")
@pytest.mark.parametrize("header", [
    proxy_header.v1(CLIENT, TARGET),
    proxy_header.v2(CLIENT, TARGET),
    proxy_header.with_sum(CLIENT, TARGET, tlv(AUTHORITY, b"a.test"), tlv(0xEE, b"unknown")),
], ids=["v1", "v2", "v2 with TLVs"])
def test_the_announced_ends_count_everywhere(stage, proxy, port, syslog, header):
    start(proxy, port, stage.web("app1"), bind="accept-proxy", rules=ECHO_ENDS)
    assert ask(stage, proxy, port, header) == "198.51.100.9:5555 203.0.113.1:443"
    syslog.wait_for(r"^198\.51\.100\.9:5555 \[.*LR--")


def test_local_and_unknown_keep_the_connections_own_ends(stage, proxy, port):
    start(proxy, port, stage.web("app1"), bind="accept-proxy", rules=ECHO_ENDS)
    for header in b"PROXY UNKNOWN\r\n", proxy_header.v2(CLIENT, TARGET, command=0x20):
        assert re.fullmatch(rf"127\.0\.0\.1:\d+ 127\.0\.0\.1:{port}", ask(stage, proxy, port, header))


@pytest.mark.kinds("lbd")  # HAProxy refuses a header that is not there at once
def test_a_header_may_come_in_pieces(stage, proxy, port):
    start(proxy, port, stage.web("app1"), bind="accept-proxy", rules=ECHO_ENDS)
    whole = proxy_header.v1(CLIENT, TARGET) + GET
    client = stage.client(proxy.host, port)
    for at in range(0, len(whole), 7):
        client.send(whole[at:at + 7])
    assert client.response().text == "198.51.100.9:5555 203.0.113.1:443"


@pytest.mark.kinds("haproxy", "lbd", "split")
@pytest.mark.parametrize("header,words", [
    (GET, "Received something which does not look like a PROXY protocol header"),
    (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n" + GET, "Received an invalid PROXY protocol header"),
    (b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
     "Received an unhandled protocol in the PROXY protocol header"),
    (proxy_header.v2(CLIENT, TARGET, tlv(CRC32C, b"oops")),
     "Received an invalid PROXY protocol header"),
    (proxy_header.v2(CLIENT, TARGET, command=0x22), "Received an invalid PROXY protocol header"),
], ids=["none", "bare LF", "UDP", "wrong sum", "command"])
@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_a_bad_header_closes_and_is_logged(stage, proxy, port, syslog, mode, header, words):
    server = stage.recorder("app1")
    start(proxy, port, server, mode=mode, bind="name door accept-proxy")
    assert stage.client(proxy.host, port).send(header).is_closed_by_peer()
    line = syslog.wait_for(words)
    assert re.search(rf"\[.+\] web/door: {words}$", line.text)
    assert line.severity == "info"
    assert server.received == []


def test_a_header_that_does_not_come_is_waited_for_as_long_as_the_client_may_be_idle(
        stage, proxy, port, syslog):
    start(proxy, port, stage.web("app1"), bind="accept-proxy", client_timeout="500ms")
    assert stage.client(proxy.host, port).is_closed_by_peer()
    syslog.wait_for("web/1: Timeout while waiting for PROXY protocol header")
    with stage.client(proxy.host, port) as client:
        client.finish_sending()
    syslog.wait_for("web/1: Connection closed while waiting for PROXY protocol header")


def test_a_rule_expects_the_header_of_some_clients_only(stage, proxy, port):
    start(proxy, port, stage.web("app1"), rules="tcp-request connection expect-proxy layer4 "
          "if { src 127.0.0.2 }\n    " + ECHO_ENDS)
    header = proxy_header.v1(CLIENT, TARGET)
    trusted = stage.client(proxy.host, port, source="127.0.0.2")
    assert trusted.send(header + GET).response().text.startswith("198.51.100.9:5555 ")
    assert ask(stage, proxy, port, b"").startswith("127.0.0.1:")
    stranger = stage.client(proxy.host, port).send(header + GET)
    assert stranger.response().status == 400


def test_session_rules_see_the_announced_client(stage, proxy, port):
    start(proxy, port, stage.web("app1"), bind="accept-proxy",
          rules="tcp-request connection reject if { src 198.51.100.9 }\n"
                "    tcp-request session reject if { src 198.51.100.10 }")
    assert ask(stage, proxy, port, proxy_header.v1(CLIENT, TARGET)) == "OK app1\n"
    other = stage.client(proxy.host, port)
    other.send(proxy_header.v1(("198.51.100.10", 1), TARGET) + GET)
    assert other.is_closed_by_peer()


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_the_server_is_told_in_version_1(stage, proxy, port, mode):
    server = stage.recorder("app1", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    start(proxy, port, server, mode=mode, options="send-proxy")
    client = stage.client(proxy.host, port, source="127.0.0.5").send(GET)
    assert client.response().text == "ok"
    expected = proxy_header.v1(("127.0.0.5", client.local_port), (proxy.host, port))
    wait_until(lambda: b"".join(server.received).startswith(expected + b"GET / HTTP/1.1\r\n"),
               what="the header before the request")


def test_the_header_comes_before_a_server_that_speaks_first(stage, proxy, port):
    server = stage.echo("mailhost")
    start(proxy, port, server, mode="tcp", options="send-proxy")
    client = stage.client(proxy.host, port)
    assert client.reader.until(b"\n") == b"mailhost"
    assert client.reader.until(b"\r\n") == (
        f"PROXY TCP4 127.0.0.1 127.0.0.1 {client.local_port} {port}").encode()
    client.send(b"EHLO")
    assert client.reader.exactly(4) == b"EHLO"


@pytest.mark.kinds("haproxy", "lbd", "split")
def test_the_server_is_told_in_version_2_what_the_options_say(stage, proxy, port):
    server = stage.recorder("app1", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    start(proxy, port, server, bind="accept-proxy", options="send-proxy-v2 proxy-v2-options "
          "crc32c,ssl,authority")
    ask(stage, proxy, port, proxy_header.v2(CLIENT, TARGET, tlv(AUTHORITY, b"a.test"),
                                            tlv(UNIQUE_ID, b"not passed on")))
    source, target, tlvs, rest = proxy_header.read_v2(b"".join(server.received))
    assert (source, target) == (CLIENT, TARGET)
    assert rest.startswith(b"GET / ")
    assert set(tlvs) == {CRC32C, AUTHORITY, SSL}
    assert tlvs[AUTHORITY] == b"a.test"
    assert tlvs[SSL] == bytes(5)  # no TLS


@pytest.mark.kinds("haproxy", "lbd", "split")
@pytest.mark.parametrize("mode, form, told", [("http", "id-%[req.hdr(x-a)]", b"id-7"),
                                              ("tcp", "id-%[src]-%fp", None)])
def test_the_server_is_told_the_unique_id_in_version_2(mode, form, told, stage, proxy, port):
    server = stage.recorder("app1", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    start(proxy, port, server, mode=mode, rules=f"unique-id-format {form}",
          options="send-proxy-v2 proxy-v2-options unique-id")
    client = stage.client(proxy.host, port)
    assert client.send(GET.replace(b"Connection", b"x-a: 7\r\nConnection")).response().text == "ok"
    source, _, tlvs, _ = proxy_header.read_v2(b"".join(server.received))
    assert tlvs == {UNIQUE_ID: told or f"id-{source[0]}-{port}".encode()}


def test_a_connection_that_speaks_for_one_client_serves_no_other(stage, proxy, port):
    server = stage.web("app1")
    heads = []
    inner_serve = server.serve

    def serve(sock):
        head = b""
        while not head.endswith(b"\n"):
            head += sock.recv(1)
        heads.append(head)
        inner_serve(sock)
    server.serve = serve
    start(proxy, port, server, backend="http-reuse always", options="send-proxy")
    first, second = stage.client(proxy.host, port), stage.client(proxy.host, port)
    for client in first, first, second, first, second:
        assert client.get(headers=[("X-Port", client.local_port)]).text == "OK app1\n"
    assert {int(head.split()[4]) for head in heads} == {first.local_port, second.local_port}
    assert server.accepted < 5, "no connection was reused"
    by_connection = {}
    for request in server.requests:
        by_connection.setdefault(id(request.reader), set()).add(request.get("x-port"))
    assert all(len(ports) == 1 for ports in by_connection.values())


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_a_chain_of_two_keeps_the_clients_address(stage, proxy, oracle, port, send):
    inner_port = stage.port()
    server = stage.web("app1")
    start(oracle, inner_port, server, bind="accept-proxy", rules=ECHO_ENDS)
    inner = type("Inner", (), {"port": inner_port})
    start(proxy, port, inner, options=send)
    client = stage.client(proxy.host, port, source="127.0.0.7")
    expected = f"127.0.0.7:{client.local_port} {proxy.host}:{port}"
    assert client.get().text == expected


CERTS = Path(__file__).resolve().parents[1] / "testing" / "certs"


def over_tls(stage, proxy, port, before=b"", name="site.test"):
    """A client with a certificate that speaks TLS behind the bytes `before`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(CERTS / "client.pem")
    context.set_alpn_protocols(["http/1.1"])
    client = stage.client(proxy.host, port).send(before)
    client.socket = context.wrap_socket(client.socket, server_hostname=name)
    client.reader = Reader(client.socket)
    return client


def test_the_header_comes_before_tls(stage, proxy, port):
    start(proxy, port, stage.web("app1"), bind=f"accept-proxy ssl crt {CERTS}/site.pem",
          rules=ECHO_ENDS)
    client = over_tls(stage, proxy, port, proxy_header.v1(CLIENT, TARGET))
    assert client.get().text == "198.51.100.9:5555 203.0.113.1:443"
    # In one packet with what the client says first.
    hello = ssl.MemoryBIO()
    stream = ssl._create_unverified_context().wrap_bio(ssl.MemoryBIO(), hello)
    with pytest.raises(ssl.SSLWantReadError):
        stream.do_handshake()
    client = stage.client(proxy.host, port).send(proxy_header.v1(CLIENT, TARGET) + hello.read())
    assert client.reader.exactly(3) == b"\x16\x03\x03"


def test_version_2_tells_of_the_clients_tls(stage, proxy, port):
    server = stage.recorder("app1", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    start(proxy, port, server,
          bind=f"ssl crt {CERTS}/site.pem ca-file {CERTS}/ca.pem verify optional alpn http/1.1",
          options="send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority")
    assert over_tls(stage, proxy, port).get().text == "ok"
    _, _, tlvs, rest = proxy_header.read_v2(b"".join(server.received))
    assert rest.startswith(b"GET / ")
    assert set(tlvs) == {ALPN, AUTHORITY, SSL}
    assert tlvs[ALPN] == b"http/1.1"
    assert tlvs[AUTHORITY] == b"site.test"
    told = tlvs[SSL]
    assert told[:5] == b"\x07\0\0\0\0"  # TLS, a certificate in this connection and its session, good
    assert proxy_header.read_tlvs(told[5:]) == {
        0x21: b"TLSv1.3", 0x22: b"client one", 0x23: b"TLS_AES_256_GCM_SHA384",
        0x24: b"ecdsa-with-SHA256", 0x25: b"EC256"}
