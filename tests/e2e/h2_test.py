"""HTTP/2 from clients and to servers, with curl, nghttp, h2load and frames by hand."""

import os
import socket
import struct
import time

import pytest

from harness.curl import curl, headers
from harness.h2load import h2load, nghttp
from harness.servers import reply
from harness.wait import wait_until

PRIOR = "--http2-prior-knowledge"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"
ENHANCE_YOUR_CALM = 11

CONFIG = """
global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    timeout http-request 2s
    timeout http-keep-alive 1s
frontend web
    bind "127.0.0.1:{port}"
    default_backend app
backend app
    server app1 {server}
"""

# A second proxy layer in the same file, so that HTTP/2 is spoken to a server too.
CHAIN = """
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend outer
    bind "127.0.0.1:{port}"
    default_backend middle
backend middle
    http-reuse {reuse}
    server inner 127.0.0.1:{inner} proto h2
frontend inner
    bind "127.0.0.1:{inner}" proto h2
    default_backend app
backend app
    http-reuse always
    server app1 {server}
"""


def echo(request, _):
    """Answers with the body, or as many bytes as the path says."""
    if request.target.startswith("/bytes/"):
        return reply(200, b"x" * int(request.target.rsplit("/", 1)[1]))
    fields = [("X-Version", request.version), ("X-Host", request.get("host", "")),
              ("X-Cookie", "|".join(request.all("cookie")))]
    return reply(200, request.body or request.target.encode(), fields, method=request.method)


@pytest.fixture
def app(stage):
    return stage.web("app1", echo)


@pytest.fixture
def url(stage, proxy, app):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(app)))
    return f"http://{proxy.host}:{port}"


@pytest.fixture
def chain_url(stage, proxy, app):
    port = stage.port()
    proxy.start(CHAIN.format(port=port, inner=stage.port(), server=proxy.at(app), reuse="always"))
    return f"http://{proxy.host}:{port}"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream) + payload


def literal(*fields):
    block = b""
    for name, value in fields:
        block += b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
    return block


GET = literal((b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"h"), (b":path", b"/"))


class RawConnection:
    """Frames by hand, over a socket."""

    def __init__(self, url):
        host, port = url.rsplit("/", 1)[1].split(":")
        self.sock = socket.create_connection((host, int(port)), timeout=10)
        self.sock.sendall(PREFACE + SETTINGS)
        self.received = b""

    def send(self, data):
        try:
            self.sock.sendall(data)
            return True
        except OSError:
            return False

    def goaway_error(self):
        """The error of the GOAWAY with which the proxy ends the connection."""
        try:
            while chunk := self.sock.recv(65536):
                self.received += chunk
        except OSError:
            pass
        at, error = 0, None
        while at + 9 <= len(self.received):
            length = int.from_bytes(self.received[at:at + 3], "big")
            if self.received[at + 3] == 7:
                error = int.from_bytes(self.received[at + 13:at + 17], "big")
            at += 9 + length
        return error


def test_curl_speaks_it_with_prior_knowledge(url):
    status, fields = headers(url + "/a?b=c", PRIOR)
    assert status == 200
    assert fields["x-version"] == "HTTP/1.1"
    assert fields["x-host"] == url[len("http://"):]
    assert curl(url + "/a?b=c", PRIOR) == "/a?b=c"


def test_both_versions_are_spoken_on_one_port(url):
    assert curl(url + "/one", "--http1.1") == "/one"
    assert curl(url + "/two", PRIOR) == "/two"


def test_cookies_arrive_in_one_field(url):
    _, fields = headers(url, PRIOR, "-H", "Cookie: a=b", "-H", "Cookie: c=d")
    assert fields["x-cookie"] == "a=b; c=d"


@pytest.mark.parametrize("options", [("--data-binary", "@{}"), ("-T", "{}", "-X", "POST"),
                                     ("-T", "-", "-X", "POST")])
def test_large_bodies_pass_unchanged(stage, url, options):
    directory = stage.directory("body")
    body = os.urandom(1_500_000)
    path = os.path.join(directory, "body")
    with open(path, "wb") as file:
        file.write(body)
    out = os.path.join(directory, "out")
    words = [word.format(path) for word in options]
    if "-" in words:
        words = ["-T", path, "-X", "POST", "-H", "Content-Length:"]
    curl(url + "/up", PRIOR, "-o", out, *words)
    with open(out, "rb") as file:
        assert file.read() == body


def test_nghttp_sees_an_orderly_connection(url):
    seen = nghttp(url + "/x")
    assert ":status: 200" in seen
    assert "recv RST_STREAM" not in seen and "recv GOAWAY" not in seen


def test_many_streams_at_once(url):
    succeeded, text = h2load(url + "/bytes/1000", 2000, 4, 20)
    assert succeeded == 2000, text


def test_streams_of_large_bodies_share_fairly(url):
    succeeded, text = h2load(url + "/bytes/500000", 60, 2, 15)
    assert succeeded == 60, text


@pytest.mark.parametrize("version", ["--http1.1", PRIOR])
def test_servers_are_spoken_to_in_http2(chain_url, version):
    assert curl(chain_url + "/a", version) == "/a"
    assert len(curl(chain_url + "/bytes/2000000", version)) == 2_000_000
    body = "x" * 100_000
    assert curl(chain_url + "/up", version, "--data-binary", body) == body


def test_exchanges_share_connections_to_a_server(chain_url):
    succeeded, text = h2load(chain_url + "/bytes/100", 1000, 4, 10)
    assert succeeded == 1000, text


@pytest.mark.kinds("lbd")
def test_the_log_names_version_and_url(stage, proxy, app):
    port = stage.port()
    config = CONFIG.replace("mode http\n", "mode http\n    log 127.0.0.1:{log} local0\n"
                            "    option httplog\n", 1)
    proxy.start(config.format(port=port, server=proxy.at(app), log=stage.syslog.port))
    curl(f"http://{proxy.host}:{port}/logged", PRIOR)
    stage.syslog.wait_for(f'"GET http://{proxy.host}:{port}/logged HTTP/2.0"')


def rapid_reset(i):
    return frame(1, 5, 2 * i + 1, GET) + frame(3, 0, 2 * i + 1, b"\0\0\0\x08")


def made_you_reset(i):
    return frame(1, 4, 2 * i + 1, GET) + frame(8, 0, 2 * i + 1, b"\x7f\xff\xff\xff")


ATTACKS = {
    "rapid reset": rapid_reset,
    "made you reset": made_you_reset,
    "ping flood": lambda i: frame(6, 0, 0, b"12345678"),
    "settings flood": lambda i: frame(4, 0, 0, b"\0\4\0\1\0\0"),
    "empty data flood": lambda i: frame(1, 4, 1, GET) if i == 0 else frame(0, 0, 1),
    "continuation flood": lambda i: frame(1, 1, 1, GET) if i == 0 else frame(9, 0, 1),
}


# HAProxy 2.6 has no budget for most of these.
@pytest.mark.kinds("lbd")
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_its_connection_and_nobody_elses(proxy, url, name):
    assert curl(url + "/before", PRIOR) == "/before"
    memory = proxy.process.rss_kib()
    attacker = RawConnection(url)
    for first in range(0, 20_000, 100):
        if not attacker.send(b"".join(ATTACKS[name](i) for i in range(first, first + 100))):
            break
    began = time.monotonic()
    assert curl(url + "/during", PRIOR) == "/during"
    assert time.monotonic() - began < 2
    error = attacker.goaway_error()
    assert error in (ENHANCE_YOUR_CALM, None)  # None: a reset took it away
    assert proxy.process.rss_kib() - memory < 64 * 1024


@pytest.mark.kinds("lbd")
def test_draining_lets_streams_end(stage, proxy, app):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(app)))
    connection = RawConnection(f"http://{proxy.host}:{port}")
    connection.send(frame(1, 5, 1, GET))
    wait_until(lambda: app.requests)
    proxy.process.signal(15)
    assert connection.goaway_error() == 0
    assert proxy.process.wait_exit() == 0


def test_the_preface_can_be_left_to_http_1(stage, proxy):
    port, server = stage.port(), stage.web("app1")
    config = CONFIG.format(port=port, server=proxy.at(server))
    proxy.start(config.replace("frontend web\n", "frontend web\n    option disable-h2-upgrade\n"))
    with socket.create_connection((proxy.host, port), timeout=5) as sock:
        sock.sendall(PREFACE + SETTINGS)
        assert sock.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert curl(f"http://{proxy.host}:{port}/", "--http1.1").startswith("OK app1")
