"""Clients that begin and do not go on: each kind of beginning has its timeout, and its line."""

import signal
import time

import pytest

from harness.h2frames import (
    CONTINUATION, END_STREAM, NO_ERROR, PREFACE, SETTINGS, H2Client, data, frame, get, get_fields,
    headers, literal, post)
from harness.proxies import ROOT
from harness.wait import wait_until
from harness.wire import Client

pytestmark = pytest.mark.kinds("lbd")

CERTS = ROOT / "tests" / "testing" / "certs"

CONFIG = """
global
    nbthread 1
    log "${{SYSLOG_ADDR}}" local0
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client {client}
    timeout server 10s
    timeout http-request {http_request}
frontend web
    bind "*:{plain}"
    bind "*:{tls}" ssl crt {certs}/site.pem alpn h2,http/1.1
    bind "*:{header}" accept-proxy
    default_backend app
backend app
    server app1 {server}
"""

BLOCK = literal(*get_fields())
# The first bytes of a ClientHello: a record of 200 bytes that do not come.
HALF_HELLO = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03"


class Stand:
    def __init__(self, stage, proxy, client="10s", http_request="10s"):
        self.plain, self.tls, self.header = (stage.port() for _ in range(3))
        self.host = proxy.host
        proxy.start(CONFIG.format(plain=self.plain, tls=self.tls, header=self.header, certs=CERTS,
                                  server=proxy.at(stage.web("app1")), client=client,
                                  http_request=http_request))


def time_to_end(client, within=5):
    """Seconds until the proxy ends the connection."""
    began = time.monotonic()
    client.socket.settimeout(within)
    client.rest() if isinstance(client, Client) else client.to_end()
    return time.monotonic() - began


def greet(client):
    """Takes the SETTINGS, so that their ACK does not come in the middle of something else."""
    client.until(lambda f: f.kind == SETTINGS)


BEGINNINGS = {
    "nothing behind the preface": b"",
    "a head whose block does not end": headers(1, BLOCK, END_STREAM),
    "a head whose frame does not end": headers(1, BLOCK)[:-1],
    "a frame's head that does not end": headers(1, BLOCK)[:5],
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_an_http2_request_must_come_within_timeout_http_request(stage, proxy, name):
    stand = Stand(stage, proxy, http_request="500ms")
    with H2Client(stand.host, stand.plain) as client:
        greet(client)
        client.send(BEGINNINGS[name])
        assert 0.3 < time_to_end(client) < 2.5
        assert client.goaway() == NO_ERROR


def test_a_head_that_drips_is_not_given_more_time(stage, proxy):
    stand = Stand(stage, proxy, http_request="800ms")
    with H2Client(stand.host, stand.plain) as client:
        greet(client)
        began = time.monotonic()
        client.send(headers(1, BLOCK, END_STREAM))
        client.socket.settimeout(0.3)
        drops = 0
        while not client.has_ended and drops < 7:
            try:
                client.to_end()
            except TimeoutError:
                client.send(frame(CONTINUATION, 0, 1, b"\x90"))
                drops += 1
        assert client.has_ended
        assert 0.6 < time.monotonic() - began < 2.0


@pytest.mark.parametrize("piece", [b"", data(1, b"x")], ids=["nothing", "one byte"])
def test_an_http2_body_must_go_on_within_timeout_client(stage, proxy, syslog, piece):
    stand = Stand(stage, proxy, client="500ms")
    with H2Client(stand.host, stand.plain) as client:
        client.send(post(1), piece)
        assert client.response(1) == 408
        client.send(get(3))  # the connection goes on
        assert client.response(3) == 200
    syslog.wait_for(r" 408 .* cD-- ")


def test_a_preface_that_does_not_end_is_a_request_that_does_not(stage, proxy, syslog):
    stand = Stand(stage, proxy, http_request="500ms")
    with Client(stand.host, stand.plain) as client:
        client.send(PREFACE[:20])
        assert client.response().status == 408
    syslog.wait_for(r' 408 .* cR-- .*"<BADREQ>"')


@pytest.mark.parametrize("beginning", [b"", HALF_HELLO], ids=["nothing", "half a ClientHello"])
def test_a_tls_handshake_must_be_over_within_timeout_client(stage, proxy, syslog, beginning):
    stand = Stand(stage, proxy, client="500ms")
    with Client(stand.host, stand.tls) as client:
        client.send(beginning)
        assert 0.3 < time_to_end(client) < 2.5
    syslog.wait_for("Timeout during SSL handshake")


# Otherwise a process that stops would wait for them as long as "timeout client" says.
def test_who_has_not_arrived_does_not_hold_up_the_end(stage, proxy):
    stand = Stand(stage, proxy)
    beginnings = [(stand.tls, b""), (stand.tls, HALF_HELLO), (stand.header, b""),
                  (stand.header, b"PROXY TCP4")]
    clients = [stage.client(stand.host, port).send(begin) for port, begin in beginnings]
    wait_until(lambda: accepted(proxy, [stand.tls, stand.header]) == len(clients))
    began = time.monotonic()
    proxy.process.signal(signal.SIGTERM)
    assert proxy.process.wait_exit(timeout=6) == 0
    assert time.monotonic() - began < 4
    assert all(client.is_closed_by_peer() for client in clients)


def accepted(proxy, ports):
    """How many connections to these ports the proxy has taken from the kernel."""
    hexed = {f"{port:04X}" for port in ports}
    with open(f"/proc/{proxy.process.pid}/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sum(row[1].split(":")[1] in hexed and row[3] == "01" and row[9] != "0" for row in rows)
