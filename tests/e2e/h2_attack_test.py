"""Hostile HTTP/2 clients beside honest ones, on one worker: the offender is ended, its cost in
memory is bounded, the honest do not notice, and the operator can count and see it.

Each attack goes on for a second: an offender whose connection was ended comes back at once.
"""

import threading
import time

import pytest

from harness import origin
from harness.h2frames import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, INITIAL_WINDOW_SIZE,
    PADDED, PING, PRIORITY, PROTOCOL_ERROR, SETTINGS, H2Client, H2Server, data, frame, get,
    get_fields, headers, literal, post, reset, settings, text, u32, window)
from harness.honest import Honest
from harness.servers import TcpServer
from harness.wait import wait_until
from harness.wire import Client

pytestmark = pytest.mark.kinds("lbd")

# How far the memory of the proxy may grow while it is attacked.
MEMORY_KIB = 12 * 1024
# Of the honest: how many times the undisturbed median, and how long at most.
SLOWER = 8
SLACK = 0.050
WORST = 1.5

CONFIG = """
global
    nbthread 1
    log "${{SYSLOG_ADDR}}" local0
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client {client}
    timeout server 10s
    timeout http-request 5s
frontend web
    bind "*:{port}"
    default_backend app
frontend honest
    no log
    bind "*:{honest}"
    default_backend calm
backend app
    server app1 {server}
backend calm
    server app2 {calm}
"""

CALMED = "HTTP/2 connection closed with ENHANCE_YOUR_CALM"
BLOCK = literal(*get_fields())
OPAQUE = b"12345678"
STREAMS = 100  # the default of tune.h2.fe.max-concurrent-streams
STALLED = 3    # connections
FULL = 16384


def odd(number):
    return 2 * number + 1


def once(first, then):
    """A step that begins with `first` and goes on with `then`."""
    return lambda i: first if i == 0 else then


# name: what the offender sends as its step number i.
ATTACKS = {
    "rapid reset (CVE-2023-44487)": lambda i: get(odd(i)) + reset(odd(i)),
    "made you reset by a window (CVE-2025-8671)":
        lambda i: post(odd(i)) + window(odd(i), 0x7FFFFFFF),
    "made you reset by a length":
        lambda i: post(odd(i), "/", ("content-length", "1")) + data(odd(i), b"xy"),
    "made you reset by trailers": lambda i: post(odd(i)) + headers(odd(i), [(":path", "/")]),
    "malformed heads": lambda i: headers(odd(i), get_fields("/", "GET", ("connection", "x"))),
    "streams beyond the limit": lambda i: post(odd(i)),
    "CONTINUATION without end (CVE-2024-27316)":
        once(headers(1, BLOCK, END_STREAM), frame(CONTINUATION, 0, 1, text("a") * (FULL // 2))),
    "empty CONTINUATION": once(headers(1, BLOCK, END_STREAM), frame(CONTINUATION, 0, 1)),
    "SETTINGS (CVE-2019-9515)": lambda i: settings((INITIAL_WINDOW_SIZE, 65536 + i % 7)),
    "empty SETTINGS": lambda _: settings(),
    "PING (CVE-2019-9512)": lambda _: frame(PING, 0, 0, OPAQUE),
    "PRIORITY (CVE-2019-9513)": lambda i: frame(PRIORITY, 0, odd(i), u32(0) + b"\1"),
    "WINDOW_UPDATE": lambda _: window(0, 1),
    "windows opened by one byte (CVE-2019-9511)":
        once(settings((INITIAL_WINDOW_SIZE, 0)) + get(1, "/large"), window(1, 1)),
    "RST_STREAM of a closed stream (CVE-2019-9514)": once(get(1) + reset(1), reset(1)),
    "unknown frames": lambda _: frame(0x16, 0, 0, b""),
    "empty DATA (CVE-2019-9518)": once(post(1), data(1)),
    "empty DATA with padding": once(post(1), frame(DATA, PADDED, 1, b"\7" + bytes(7))),
    "fields without a name (CVE-2019-9516)":
        lambda i: headers(odd(i), [*get_fields(), *[("", "")] * 200]),
    "HPACK bomb: one large field many times":
        lambda i: headers(odd(i), BLOCK + b"\x40" + text("bomb") + text("x" * 3900) +
                          b"\xbe" * 11000),
    "HPACK bomb: many small fields": lambda i: headers(odd(i), BLOCK + b"\x90" * 16000),
    "HPACK bomb: a cookie of many crumbs":
        lambda i: headers(odd(i), BLOCK + b"\x60" + text("a=b") + b"\xbe" * 16000),
}


# Streams that wait for their reset count against the limit of streams, which whoever has
# acknowledged our SETTINGS must not pass: what comes in one piece is ended for that.
MAY_PASS_THE_LIMIT = {name for name in ATTACKS if name.startswith("made you") or name in (
    "malformed heads", "streams beyond the limit", "fields without a name (CVE-2019-9516)")}


class Stand:
    """A proxy with one worker before one server, and two honest clients."""

    def __init__(self, stage, proxy, client="10s", more=""):
        port, honest = stage.port(), stage.port()
        self.proxy, self.stage = proxy, stage
        self.address, self.honest_address = (proxy.host, port), (proxy.host, honest)
        proxy.start(CONFIG.format(
            port=port, honest=honest, server=proxy.at(origin.start(stage)), client=client,
            calm=proxy.at(stage.web("app2"))) + more)

    def begin(self):
        """Honest clients begin; from here on what the proxy costs is measured."""
        self.honest = self.stage.keep(Honest(*self.honest_address))
        wait_until(lambda: len(self.honest.taken) > 50)
        self.undisturbed = self.honest.watch(0.5)
        self.memory = self.proxy.process.rss_kib()
        self.proxy.process.forget_peak()
        self.began = time.monotonic()
        return self

    def check(self):
        """Nobody honest noticed, and the memory stayed bounded."""
        wait_until(lambda: self.honest.since(self.began).count > 50)
        disturbed = self.honest.since(self.began)
        self.honest.stop()
        grown = self.proxy.process.peak_rss_kib() - self.memory
        print(f"memory +{grown} KiB; undisturbed {self.undisturbed}; disturbed {disturbed}")
        assert not self.honest.failures
        assert grown < MEMORY_KIB
        assert disturbed.median < SLOWER * self.undisturbed.median + SLACK, disturbed
        assert disturbed.worst < WORST, disturbed

    def counters(self):
        row = self.proxy.runtime.stat()["web", "FRONTEND"]
        return {name: int(row[name]) for name in (
            "h2_glitches", "h2_detected_conn_protocol_errors", "h2_total_connections", "ereq")}


class Offender:
    """A client that repeats its steps for as long as the proxy lets it, in a thread's time."""

    def __init__(self, address, step):
        self.client = H2Client(*address, timeout=5)
        self.client.until(lambda f: f.kind == SETTINGS and f.flags == 0)
        self.client.may_acknowledge = False
        self.step = step
        self.sent = 0
        self._reader = threading.Thread(target=self.client.to_end, daemon=True)
        self._reader.start()

    def run(self, most_bytes=8 << 20):
        number = 0
        while self.sent < most_bytes:
            piece = b""
            while len(piece) < 4096:
                piece += self.step(number)
                number += 1
            self.sent += len(piece)
            if not self.client.send(piece) or self.client.has_ended:
                break
        self._reader.join(5)
        return self

    def close(self):
        self.client.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_offender_is_ended_and_the_honest_do_not_notice(stage, proxy, syslog, name):
    stand = Stand(stage, proxy).begin()
    offenders = []
    while not offenders or time.monotonic() - stand.began < 1.0:
        offender = Offender(stand.address, ATTACKS[name])
        offenders.append(offender.run())
        offender.close()
    print(f"{len(offenders)} connections, {sum(o.sent for o in offenders)} bytes")
    stand.check()
    codes = {o.client.goaway() for o in offenders}
    if name in MAY_PASS_THE_LIMIT:
        codes -= {PROTOCOL_ERROR}
    assert codes <= {ENHANCE_YOUR_CALM}
    wait_until(lambda: stand.counters()["h2_detected_conn_protocol_errors"] == len(offenders),
               what=lambda: str(stand.counters()))
    if codes:
        assert stand.counters()["h2_glitches"] >= len(offenders)
        syslog.wait_for(CALMED)


def read_to_end(client, within):
    """Whether the proxy has ended the connection in that time; takes what it sent."""
    client.socket.settimeout(within)
    try:
        client.to_end()
    except TimeoutError:
        return False
    return True


def stalled(address, *pairs, receive_buffer=None):
    """A client that asks for all it may, a large body each, and takes nothing."""
    client = H2Client(*address, *pairs, receive_buffer=receive_buffer)
    client.send(window(0, 0x7FFFFFFF - 65535), *[get(odd(i), "/large") for i in range(STREAMS)])
    return client


# None of these breaks a rule: "timeout client" ends it, as it ends an HTTP/1.1 client that stalls.
@pytest.mark.parametrize("pairs, receive_buffer", [
    ([(INITIAL_WINDOW_SIZE, 0)], None),
    ([(INITIAL_WINDOW_SIZE, 0x7FFFFFFF)], 4096)],
    ids=["zero windows", "nothing is read (CVE-2019-9517)"])
def test_who_takes_nothing_is_ended_by_timeout_client(stage, proxy, syslog, pairs, receive_buffer):
    stand = Stand(stage, proxy, client="1s").begin()
    offenders = [stage.keep(stalled(stand.address, *pairs, receive_buffer=receive_buffer))
                 for _ in range(STALLED)]
    lines = syslog.wait_for("GET http://h/large ", count=STALLED * STREAMS, timeout=5)
    stand.check()
    # A few responses fit into the kernel's buffers.
    ended = sum(" cD-- " in line.text for line in lines)
    assert ended == len(lines) if receive_buffer is None else ended > len(lines) / 2
    wait_until(lambda: int(proxy.runtime.stat()["app", "BACKEND"]["cli_abrt"]) == ended)
    assert all(read_to_end(offender, within=5) for offender in offenders)


def test_who_does_not_read_answers_is_not_answered_for_ever(stage, proxy, syslog):
    stand = Stand(stage, proxy).begin()
    client = stage.keep(H2Client(*stand.address, receive_buffer=4096))
    client.socket.settimeout(0.3)
    sent = 0
    try:
        while sent < 8 << 20 and client.send(frame(PING, 0, 0, OPAQUE) * 100):
            sent += 1700
    except TimeoutError:
        pass  # the proxy does not read either
    syslog.wait_for(CALMED)
    stand.check()
    assert read_to_end(client, within=5)


RESPONSE = literal((":status", "200"))

# name: what a server sends as its step number i, once it has the request.
FROM_SERVERS = {
    "PING": lambda _: frame(PING, 0, 0, OPAQUE),
    "SETTINGS": lambda i: settings((INITIAL_WINDOW_SIZE, 65536 + i % 7)),
    "empty DATA": once(headers(1, RESPONSE, END_HEADERS), data(1)),
    "empty CONTINUATION": once(headers(1, RESPONSE, END_STREAM), frame(CONTINUATION, 0, 1)),
    "HPACK bomb": lambda _: headers(1, RESPONSE + b"\x40" + text("bomb") + text("x" * 3900) +
                                    b"\xbe" * 11000),
}


@pytest.mark.parametrize("name", FROM_SERVERS)
def test_a_hostile_server_costs_its_own_requests_only(stage, proxy, name):
    step = FROM_SERVERS[name]

    def play(frames, _):
        frames.until(lambda f: f.kind == HEADERS)
        frames.may_acknowledge = False
        for first in range(0, 200_000, 50):
            if not frames.send(*[step(i) for i in range(first, first + 50)]):
                break
        frames.to_end()
    hostile = stage.keep(H2Server("hostile", stage.port(), play))
    port = stage.port()
    stand = Stand(stage, proxy, more=f"""
frontend other
    bind "*:{port}"
    default_backend hostile
backend hostile
    server hostile {proxy.at(hostile)} proto h2
""").begin()
    for _ in range(5):
        with Client(proxy.host, port) as client:
            client.request("/", [("Connection", "close")])
            answer = client.rest()
        assert answer.startswith(b"HTTP/1.1 502 ") or not answer.endswith(b"0\r\n\r\n")
    wait_until(lambda: len(hostile.connections) == 5 and
               all(frames.has_ended for frames in hostile.connections))
    stand.check()
    assert {frames.goaway() for frames in hostile.connections} == {ENHANCE_YOUR_CALM}


class Informing(TcpServer):
    """An HTTP/1.1 server that sends informational heads and no response."""

    def serve(self, sock):
        sock.recv(1000)
        hint = b"HTTP/1.1 103 Early Hints\r\nlink: " + HINT + b"\r\n\r\n"
        for _ in range(HINTS):
            sock.sendall(hint)


def inform(frames, _):
    """The same over HTTP/2."""
    frames.until(lambda f: f.kind == HEADERS)
    hint = headers(1, [(":status", "103"), ("link", HINT)], END_HEADERS)
    for _ in range(HINTS):
        if not frames.send(hint):
            break
    frames.to_end()


HINT = b"x" * 3000
HINTS = 12_000  # three times as much as the memory may grow


@pytest.mark.parametrize("words", ["", "proto h2"], ids=["HTTP/1.1", "HTTP/2"])
def test_informational_heads_without_end_are_not_kept(stage, proxy, words):
    server = H2Server("hostile", stage.port(), inform) if words else \
        Informing("hostile", stage.port())
    port = stage.port()
    stand = Stand(stage, proxy, more=f"""
frontend other
    bind "*:{port}"
    default_backend hostile
backend hostile
    server hostile {proxy.at(stage.keep(server))} {words}
""").begin()
    client = stage.keep(H2Client(proxy.host, port, receive_buffer=4096))
    client.send(get(1))
    wait_until(lambda: int(proxy.runtime.stat()["hostile", "BACKEND"]["eresp"]) == 1)
    stand.check()
    assert client.response(1) == 502
