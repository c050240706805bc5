"""Flow control and limits of HTTP/2 at a running proxy (RFC 9113 sections 5.1.2, 5.2, 6.5, 6.9)."""

import threading

import pytest

from harness.h2frames import (
    DATA, ENABLE_PUSH, FLOW_CONTROL_ERROR, HEADERS, HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, MAX_FRAME_SIZE, PING, REFUSED_STREAM, RST_STREAM,
    SETTINGS, H2Client, H2Server, data, frame, get, goaway, headers, post, reset, settings, window)
from harness.servers import reply
from harness.wait import wait_until
from harness.wire import Client

pytestmark = pytest.mark.kinds("lbd")

STREAMS = 5
DEFAULT_WINDOW = 65535
DEFAULT_FRAME = 16384

CONFIG = """
global
    nbthread 1
    tune.h2.fe.max-concurrent-streams {streams}
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    timeout queue 5s
frontend web
    bind "*:{port}"
    default_backend app
backend app
    http-reuse always
    server app1 {server} {words}
"""


def start(stage, proxy, server, words=""):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(server), words=words, streams=STREAMS))
    return proxy.host, port


@pytest.fixture
def held():
    """Set when the server may answer /hold."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def answer(held):
    """As many bytes as the path says; /hold waits."""
    def answer(request, _):
        if request.target == "/hold":
            held.wait(20)
        size = request.target.strip("/")
        return reply(200, b"x" * (int(size) if size.isdigit() else 0))
    return answer


@pytest.fixture
def address(stage, proxy, answer):
    return start(stage, proxy, stage.web("app1", answer))


def settle(client, times=2):
    """Waits for answers to PINGs: what the proxy was going to send for what came before is there."""
    for number in range(times):
        opaque = b"settle%02d" % number
        client.send(frame(PING, 0, 0, opaque))
        client.until(lambda f: f.kind == PING and f.payload == opaque)


def take(client, stream, size):
    """Takes DATA until the body has `size` bytes, and makes sure that no more come."""
    while len(client.body(stream)) < size:
        assert client.next() is not None
    settle(client)
    assert len(client.body(stream)) == size


def test_a_stream_is_sent_what_its_window_allows(address):
    with H2Client(*address, (INITIAL_WINDOW_SIZE, 0)) as client:
        client.send(get(1, "/1000"))
        client.until(lambda f: f.kind == HEADERS)
        take(client, 1, 0)
        client.send(settings((INITIAL_WINDOW_SIZE, 1)))
        take(client, 1, 1)
        client.send(window(1, 9))
        take(client, 1, 10)
        # Lowered below what was sent: the window is negative (section 6.9.2).
        client.send(settings((INITIAL_WINDOW_SIZE, 0)), window(1, 1))
        take(client, 1, 10)
        client.send(window(1, 5))
        take(client, 1, 15)
        client.send(window(1, 2000))
        assert client.response(1) == 200
        assert len(client.body(1)) == 1000


def test_all_streams_are_sent_what_the_connections_window_allows(address):
    with H2Client(*address, (INITIAL_WINDOW_SIZE, 1_000_000)) as client:
        client.send(get(1, "/50000"), get(3, "/50000"))
        def total():
            return len(client.body(1)) + len(client.body(3))
        while total() < DEFAULT_WINDOW:
            assert client.next() is not None
        settle(client)
        assert total() == DEFAULT_WINDOW
        client.send(window(0, 10))
        while total() < DEFAULT_WINDOW + 10:
            assert client.next() is not None
        settle(client)
        assert total() == DEFAULT_WINDOW + 10
        client.send(window(0, 100_000))
        while total() < 100_000:
            assert client.next() is not None


@pytest.mark.parametrize("limit", [DEFAULT_FRAME, 40_000])
def test_no_frame_is_larger_than_the_client_said(address, limit):
    with H2Client(*address, (MAX_FRAME_SIZE, limit), (INITIAL_WINDOW_SIZE, 1 << 20)) as client:
        client.send(window(0, 1 << 20), get(1, "/200000"))
        assert client.response(1) == 200
        assert max(len(f.payload) for f in client.all(DATA)) <= limit


def test_an_empty_table_of_the_client_is_announced_in_the_next_block(address):
    with H2Client(*address) as client:  # says HEADER_TABLE_SIZE 0
        client.send(get(1), get(3))
        assert client.response(1) == client.response(3) == 200
        first, second = (f.payload for f in client.all(HEADERS))
        assert first[0] == 0x20  # RFC 7541 section 6.3
        # Nothing refers to a table: all indices are of the static one.
        assert all(block[0] & 0x7F <= 61 for block in (first[1:], second))


def test_bytes_beyond_a_window_are_an_error(stage, proxy, held, answer):
    server = stage.web("app1", answer)
    address = start(stage, proxy, server, "maxconn 1")
    with Client(*address) as first, H2Client(*address) as client:
        first.request("/hold")
        wait_until(lambda: server.requests)
        client.send(post(1))  # waits in the queue, and nobody takes its body
        settle(client)
        client.send(*[data(1, b"x" * DEFAULT_FRAME)] * 3, data(1, b"x" * (DEFAULT_FRAME - 1)))
        settle(client)
        assert client.goaway() is None
        client.send(data(1, b"x"))
        assert client.until(lambda f: f.kind == RST_STREAM).error == FLOW_CONTROL_ERROR
        held.set()
        assert first.response().status == 200


def test_streams_that_were_reset_make_room(address):
    with H2Client(*address) as client:
        client.send(*[post(2 * i + 1) for i in range(STREAMS)])
        client.send(get(99))
        assert client.response(99) is None
        assert client.all(RST_STREAM, 99)[0].error == REFUSED_STREAM
        client.send(*[reset(2 * i + 1) for i in range(STREAMS)])
        settle(client)
        client.send(get(101))
        assert client.response(101) == 200


def test_what_a_client_began_before_its_goaway_is_answered(address, held):
    with H2Client(*address) as client:
        client.send(get(1, "/hold"), goaway(0))
        settle(client)
        held.set()
        assert client.response(1) == 200


class Behind:
    """A server that records, and answers requests as they come."""

    def __init__(self, stage, opening=settings((HEADER_TABLE_SIZE, 0))):
        self.server = stage.keep(H2Server("app1", stage.port(), self.play, opening))

    def play(self, frames, _):
        while taken := frames.next():
            if taken.ends:
                frames.send(headers(taken.stream, [(":status", "200")], 5))

    def connection(self, number=0):
        return self.server.connections[number]


def test_a_server_is_told_what_it_may_do_and_asked_in_order(stage, proxy):
    behind = Behind(stage)
    address = start(stage, proxy, behind.server, "proto h2")
    with Client(*address) as client:
        assert [client.get().status for _ in range(3)] == [200] * 3
    frames = behind.connection()
    first = frames.seen[0]
    assert (first.kind, first.flags, first.stream) == (SETTINGS, 0, 0)
    entries = [first.payload[i:i + 6] for i in range(0, len(first.payload), 6)]
    assert bytes([0, ENABLE_PUSH, 0, 0, 0, 0]) in entries
    assert [f.stream for f in frames.all(HEADERS)] == [1, 3, 5]


def test_a_body_goes_to_a_server_as_its_windows_allow(stage, proxy):
    behind = Behind(stage, settings((INITIAL_WINDOW_SIZE, 0)))
    address = start(stage, proxy, behind.server, "proto h2")
    with Client(*address) as client:
        assert client.get().status == 200  # the server's SETTINGS are known
        client.request("/", method="POST", body=b"x" * 100_000)
        wait_until(lambda: len(behind.connection().all(HEADERS)) == 2)
        frames = behind.connection()
        assert frames.body(3) == b""
        frames.send(window(3, 7))
        wait_until(lambda: len(frames.body(3)) == 7)
        frames.send(window(3, 200_000))
        wait_until(lambda: len(frames.body(3)) == DEFAULT_WINDOW)  # the connection's window
        frames.send(window(0, 200_000))
        assert client.response().status == 200
        assert len(frames.body(3)) == 100_000
        assert max(len(f.payload) for f in frames.all(DATA)) <= DEFAULT_FRAME


def test_a_server_that_takes_one_stream_gets_another_connection(stage, proxy):
    waiting = threading.Semaphore(0)

    def play(frames, _):
        while taken := frames.next():
            if taken.kind == HEADERS:
                waiting.acquire(timeout=10)
                frames.send(headers(taken.stream, [(":status", "200")], 5))
    server = stage.keep(H2Server("app1", stage.port(), play, settings((MAX_CONCURRENT_STREAMS, 1))))
    address = start(stage, proxy, server, "proto h2")
    with Client(*address) as one, Client(*address) as two:
        waiting.release()
        assert one.get().status == 200
        one.request()
        wait_until(lambda: len(server.connections[0].all(HEADERS)) == 2)
        two.request()
        wait_until(lambda: len(server.connections) == 2)
        waiting.release(2)
        assert one.response().status == two.response().status == 200
    assert [len(c.all(HEADERS)) for c in server.connections] == [2, 1]


def test_a_server_that_sends_beyond_a_window_is_cut_off(stage, proxy):
    def play(frames, _):
        frames.until(lambda f: f.kind == HEADERS)
        frames.send(headers(1, [(":status", "200")], 4))
        # The client does not read: beyond what the kernel's buffers hold nothing is passed on.
        for _ in range(2000):
            if not frames.send(data(1, b"x" * DEFAULT_FRAME)):
                break
        frames.to_end()
    server = stage.keep(H2Server("app1", stage.port(), play))
    address = start(stage, proxy, server, "proto h2")
    with Client(*address, receive_buffer=4096) as client:
        client.request()
        wait_until(lambda: server.connections and server.connections[0].all(RST_STREAM, 1))
        assert server.connections[0].all(RST_STREAM, 1)[0].error == FLOW_CONTROL_ERROR
