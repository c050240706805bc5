"""Limits, timeouts and failures: what a client gets, how soon, and what the log calls it."""

import queue
import socket
import time

import pytest

from harness.servers import reply
from harness.wait import stays, wait_until
from harness.wire import Client, get

CONFIG = """
global
    nbthread 2
    log "${{SYSLOG_ADDR}}" local0
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
defaults
    mode http
    log global
    option httplog
    timeout connect {connect}
    timeout client {client}
    timeout server {server_timeout}
    timeout queue {queue}
    timeout http-request {http_request}
    retries 3
    {defaults}
frontend web
    bind "127.0.0.1:{port}"
    {frontend}
    default_backend app
backend app
    {servers}
"""

PLENTY = dict(connect="5s", client="10s", server_timeout="10s", queue="10s", http_request="10s",
              defaults="", frontend="")


@pytest.fixture
def port(stage):
    return stage.port()


@pytest.fixture
def start(stage, proxy, port):
    """Starts the proxy before `servers` (the words of their server lines)."""
    assert stage.syslog

    def start(*servers, **changes):
        lines = "\n    ".join(f"server s{i} {words}" for i, words in enumerate(servers, 1))
        proxy.start(CONFIG.format(port=port, servers=lines, **{**PLENTY, **changes}))
    return start


class Gate:
    """A server behaviour: holds each request until the test lets one go."""

    def __init__(self):
        self.arrived = []
        self._passes = queue.Queue()

    def __call__(self, request, _):
        self.arrived.append(request.target)
        self._passes.get(timeout=20)
        return reply(200, request.target)

    def open(self, count=1):
        for _ in range(count):
            self._passes.put(None)


@pytest.fixture
def blackhole(stage):
    """The port of a server whose backlog is full: it neither accepts nor refuses."""
    port = stage.port()
    listener = stage.keep(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    while True:
        filler = stage.keep(socket.socket())
        filler.settimeout(0.3)
        try:
            filler.connect(("127.0.0.1", port))
        except TimeoutError:
            return port


def closed_port(stage):
    """A port that refuses."""
    return stage.port()


# Per-server limits and the queue.

def test_requests_beyond_maxconn_wait_and_go_in_their_order(stage, proxy, start, port):
    gate = Gate()
    server = stage.web("s1", gate)
    start(f"{proxy.at(server)} maxconn 1")
    clients = []
    for number in range(5):
        client = stage.client(proxy.host, port)
        client.request(f"/{number}")
        clients.append(client)
        # The next one is sent when the proxy holds this one: at the server, or in the queue.
        wait_until(lambda n=number: gate.arrived if n == 0 else queued(proxy) == n,
                   what=f"request {number} held")
    assert gate.arrived == ["/0"]
    for number, client in enumerate(clients):
        gate.open()
        assert client.response().text == f"/{number}"
    assert gate.arrived == [f"/{number}" for number in range(5)]


def queued(proxy):
    """How many requests wait for the one server, at the server or at the backend."""
    return int(proxy.runtime.server("app", "s1")["qcur"]) + \
        int(proxy.runtime.server("app", "BACKEND")["qcur"])


def test_a_request_that_waits_too_long_gets_503_and_the_flags_sq(stage, proxy, start, port, syslog):
    gate = Gate()
    server = stage.web("s1", gate)
    start(f"{proxy.at(server)} maxconn 1", queue="300ms")
    first = stage.client(proxy.host, port)
    first.request("/first")
    wait_until(lambda: gate.arrived, what="the first request at the server")
    began = time.monotonic()
    assert get(proxy.host, port, "/second").status == 503
    assert 0.25 < time.monotonic() - began < 1.5
    line = syslog.wait_for(r'"GET /second HTTP/1.1"')
    assert " 503 " in line.text and " sQ-- " in line.text
    gate.open()
    assert first.response().status == 200


def test_maxqueue_sends_the_overflow_to_another_server(stage, proxy, start, port):
    gate = Gate()
    one, two = stage.web("s1", gate), stage.web("s2", gate)
    start(f"{proxy.at(one)} maxconn 1 weight 256", f"{proxy.at(two)} weight 1",
          defaults="option redispatch")
    clients = [stage.client(proxy.host, port) for _ in range(3)]
    for number, client in enumerate(clients):
        client.request(f"/{number}")
    gate.open(3)
    assert sorted(client.response().text for client in clients) == ["/0", "/1", "/2"]


def test_a_frontends_maxconn_makes_the_next_connection_wait(stage, proxy, start, port):
    gate = Gate()
    start(proxy.at(stage.web("s1", gate)), frontend="maxconn 1")
    first = stage.client(proxy.host, port)
    first.request("/first", headers=[("Connection", "close")])
    wait_until(lambda: gate.arrived, what="the first request at the server")
    # Opened before, it might have been the one that was taken.
    second = stage.client(proxy.host, port)
    second.request("/second")
    assert stays(lambda: gate.arrived == ["/first"], 0.3)
    gate.open(2)
    assert first.response().text == "/first"
    assert second.response().text == "/second"


# Servers that cannot be reached.

def test_a_refused_connection_is_retried_elsewhere_with_redispatch(stage, proxy, start, port, syslog):
    alive = stage.web("s2")
    start(f"127.0.0.1:{closed_port(stage)}", proxy.at(alive), defaults="option redispatch 1")
    for _ in range(4):
        assert get(proxy.host, port).text == "OK s2\n"
    # The count of retries carries a plus sign when the request went to another server.
    syslog.wait_for(r" app/s2 \S+ 200 \d+ - - ---- \d+/\d+/\d+/\d+/\+1 ")


def test_a_refused_connection_is_503_when_retries_are_spent(stage, proxy, start, port, syslog):
    start(f"127.0.0.1:{closed_port(stage)}", connect="100ms")
    assert get(proxy.host, port).status == 503
    assert " SC-- " in syslog.wait_for(r" app/s1 .* 503 ").text


def test_no_retries_means_one_attempt(stage, proxy, start, port, syslog):
    start(f"127.0.0.1:{closed_port(stage)}", defaults="retries 0")
    assert get(proxy.host, port).status == 503
    assert "/0 0/0 " in syslog.wait_for(r" app/s1 .* 503 ").text


def test_a_connect_that_takes_too_long_is_503_with_the_flags_sc(stage, proxy, start, port, syslog,
                                                                blackhole):
    start(f"127.0.0.1:{blackhole}", connect="200ms", defaults="retries 1")
    began = time.monotonic()
    assert get(proxy.host, port).status == 503
    assert 0.3 < time.monotonic() - began < 3
    assert " sC-- " in syslog.wait_for(r" app/s1 .* 503 ").text


# Servers that answer late, badly or not at all.

def test_a_server_that_does_not_answer_in_time_is_504(stage, proxy, start, port, syslog):
    gate = Gate()
    start(proxy.at(stage.web("s1", gate)), server_timeout="300ms")
    began = time.monotonic()
    assert get(proxy.host, port).status == 504
    assert 0.25 < time.monotonic() - began < 2
    gate.open()
    assert " sH-- " in syslog.wait_for(r" app/s1 .* 504 ").text


def test_a_server_that_closes_without_an_answer_is_502(stage, proxy, start, port, syslog):
    start(proxy.at(stage.web("s1", lambda *_: False)))
    assert get(proxy.host, port, method="POST", body=b"x").status == 502
    assert " SH-- " in syslog.wait_for(r" app/s1 .* 502 ").text


def test_a_server_that_answers_nonsense_is_502(stage, proxy, start, port, syslog):
    start(proxy.at(stage.recorder("s1", b"what?\r\n\r\n")))
    assert get(proxy.host, port).status == 502
    assert " PH-- " in syslog.wait_for(r" app/s1 .* 502 ").text


def test_a_server_that_stalls_in_the_body_is_cut_with_the_flags_sd(stage, proxy, start, port, syslog):
    gate = Gate()

    def half(request, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return gate(request, sock) and False
    start(proxy.at(stage.web("s1", half)), server_timeout="300ms")
    client = stage.client(proxy.host, port)
    client.request("/")
    assert client.rest().endswith(b"half")
    gate.open()
    assert " sD-- " in syslog.wait_for(r" app/s1 .* 200 ").text


# Clients that send late or too much.

def test_a_slow_head_gets_408_with_the_flags_cr(stage, proxy, start, port, syslog):
    start(proxy.at(stage.web("s1")), http_request="300ms")
    client = stage.client(proxy.host, port)
    began = time.monotonic()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slo")
    assert client.response().status == 408
    assert 0.25 < time.monotonic() - began < 2
    assert client.is_closed_by_peer()
    assert " cR-- " in syslog.wait_for(r" 408 ").text


def test_a_head_that_drips_is_not_given_more_time(stage, proxy, start, port):
    start(proxy.at(stage.web("s1")), http_request="600ms")
    client = stage.client(proxy.host, port)
    began = time.monotonic()
    client.send("GET / HTTP/1.1\r\n")

    def drip():
        try:
            client.send("X-Drip: a\r\n")
        except OSError:
            return True
        return not client.is_open()
    wait_until(drip, 5, "the end of patience", interval=0.05)
    assert time.monotonic() - began < 2.5


def test_an_idle_connection_is_closed_without_a_word(stage, proxy, start, port):
    start(proxy.at(stage.web("s1")), defaults="timeout http-keep-alive 300ms")
    client = stage.client(proxy.host, port)
    assert client.get("/").status == 200
    began = time.monotonic()
    assert client.is_closed_by_peer()
    assert 0.2 < time.monotonic() - began < 2


@pytest.mark.kinds("lbd")
def test_a_client_that_stalls_in_its_body_gets_408(stage, proxy, start, port, syslog):
    # HAProxy 2.6 lets `timeout server` run out here and blames the server (504, sH).
    start(proxy.at(stage.web("s1")), client="400ms")
    client = stage.client(proxy.host, port)
    client.send("POST /stalled HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome")
    assert client.response().status == 408
    assert client.is_closed_by_peer()
    assert " cD-- " in syslog.wait_for(r'"POST /stalled HTTP/1.1"').text


TOO_LARGE = [
    # HAProxy answers 400 to whatever exceeds its buffer; ours says which part was too large.
    ("target", f"GET /{'a' * 20000} HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    ("field", f"GET / HTTP/1.1\r\nHost: a\r\nX-Big: {'a' * 20000}\r\n\r\n", 431),
    ("many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + "X-A: b\r\n" * 300 + "\r\n", 431),
]


@pytest.mark.parametrize("name, raw, status", TOO_LARGE, ids=[row[0] for row in TOO_LARGE])
def test_a_head_that_is_too_large_is_refused(name, raw, status, stage, proxy, start, port):
    server = stage.web("s1")
    start(proxy.at(server))
    with Client(proxy.host, port) as client:
        client.send(raw)
        assert client.response().status == (400 if proxy.kind == "haproxy" else status)
        assert client.is_closed_by_peer()
    assert server.requests == []


def test_a_large_head_within_the_limit_passes(stage, proxy, start, port):
    server = stage.web("s1")
    start(proxy.at(server))
    assert get(proxy.host, port, "/" + "a" * 6000, [("X-Big", "b" * 6000)]).status == 200
    assert len(server.requests[-1].get("x-big")) == 6000


def test_an_errorfile_replaces_the_proxys_own_reply(stage, proxy, start, port):
    own = b"HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/plain\r\nX-Own: 1\r\n\r\nsorry\n"
    (proxy.directory / "503.http").write_bytes(own)
    start(f"127.0.0.1:{closed_port(stage)}", connect="100ms", defaults=f"""retries 0
    errorfile 503 {proxy.directory}/503.http""")
    response = get(proxy.host, port)
    assert (response.status, response.text, response.get("x-own")) == (503, "sorry\n", "1")
