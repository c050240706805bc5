"""TCP relaying: bytes both ways, half-close, resets, backpressure, and long transfers."""

import hashlib
import os
import threading

import pytest

from harness.wait import stays, wait_until

CONFIG = """
global
    nbthread 2
defaults
    mode tcp
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen pool
    bind "127.0.0.1:{port}"
    server s1 {server}
"""


@pytest.fixture
def port(stage):
    return stage.port()


def relay_to(proxy, port, server):
    proxy.start(CONFIG.format(port=port, server=proxy.at(server)))


def test_the_servers_greeting_arrives_before_the_client_speaks(stage, proxy, port):
    relay_to(proxy, port, stage.echo("mailhost"))
    client = stage.client(proxy.host, port)
    assert client.reader.until(b"\n") == b"mailhost"
    client.send(b"EHLO")
    assert client.reader.exactly(4) == b"EHLO"


def test_half_close_lets_the_other_direction_finish(stage, proxy, port):
    relay_to(proxy, port, stage.echo("s1"))
    client = stage.client(proxy.host, port)
    client.send(b"last words").finish_sending()
    assert client.rest() == b"s1\nlast wordsbye\n"


def test_the_servers_half_close_lets_the_client_go_on(stage, proxy, port):
    server = stage.echo("s1")
    received = []

    def speak_first_then_listen(sock):
        sock.sendall(b"that is all")
        sock.shutdown(1)
        while piece := sock.recv(65536):
            received.append(piece)
    server.serve = speak_first_then_listen
    relay_to(proxy, port, server)
    client = stage.client(proxy.host, port)
    assert client.rest() == b"that is all"
    client.send(b"still talking").finish_sending()
    wait_until(lambda: b"".join(received) == b"still talking", what="the client's words at the server")
    wait_until(lambda: server.open_connections == 0, what="end of the session")


def test_a_clients_reset_ends_the_servers_side(stage, proxy, port):
    server = stage.echo("s1")
    relay_to(proxy, port, server)
    client = stage.client(proxy.host, port)
    client.reader.until(b"\n")
    assert server.open_connections == 1
    client.reset()
    wait_until(lambda: server.open_connections == 0, what="end at the server")


def test_a_long_transfer_arrives_whole_in_both_directions_at_once(stage, proxy, port):
    relay_to(proxy, port, stage.echo("s1"))
    client = stage.client(proxy.host, port)
    client.reader.until(b"\n")
    block = os.urandom(1 << 20)
    sent, got = hashlib.sha256(), hashlib.sha256()

    def send():
        for _ in range(32):
            client.send(block)
            sent.update(block)
        client.finish_sending()
    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(32):
        got.update(client.reader.exactly(1 << 20))
    assert client.rest() == b"bye\n"
    sender.join()
    assert got.digest() == sent.digest()


def test_a_reader_that_stops_stops_the_sender(stage, proxy, port):
    server = stage.echo("s1")
    sent = []

    def flood(sock):
        block = bytes(1 << 16)
        while len(sent) < 4000:
            sock.sendall(block)
            sent.append(len(block))
    server.serve = flood
    relay_to(proxy, port, server)
    before = proxy.process.rss_kib()
    client = stage.client(proxy.host, port, receive_buffer=1 << 14)

    def has_stalled():
        seen = len(sent)
        return seen and stays(lambda: len(sent) == seen, 0.5)
    wait_until(has_stalled, 20, "a stalled sender")
    assert len(sent) < 4000, "250 MiB went into nowhere"
    assert proxy.process.rss_kib() - before < 16 * 1024
    assert client.reader.exactly(1 << 20) == bytes(1 << 20)


def test_an_unreachable_server_ends_the_session(stage, proxy, port):
    server = stage.echo("s1")
    server.stop()
    relay_to(proxy, port, server)
    assert stage.client(proxy.host, port).is_closed_by_peer(within=10)
