"""A gigabyte through constant memory, in both directions."""


import pytest

from harness.servers import TcpServer
from harness.wire import Client

GIB = 1 << 30
BLOCK = bytes(1 << 20)
GROWTH_KIB = 32 * 1024

CONFIG = """
global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend web
    bind "127.0.0.1:{port}"
    default_backend app
backend app
    server app1 {server}
"""


class Bulk(TcpServer):
    """Sends a gibibyte for GET; counts the body of a POST and answers with the count."""

    def serve(self, sock):
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(65536)
        if head.startswith(b"GET"):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIB)
            for _ in range(GIB // len(BLOCK)):
                sock.sendall(BLOCK)
            return
        count = len(head.split(b"\r\n\r\n", 1)[1])
        buffer = bytearray(1 << 20)
        while count < GIB:
            count += sock.recv_into(buffer)
        answer = str(count).encode()
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))


@pytest.fixture
def port(stage, proxy):
    port = stage.port()
    bulk = stage.keep(Bulk("bulk", stage.port()))
    proxy.start(CONFIG.format(port=port, server=proxy.at(bulk)))
    return port


def test_a_gibibyte_download_needs_constant_memory(proxy, port):
    with Client(proxy.host, port, timeout=60) as client:
        before = proxy.process.rss_kib()
        client.request("/")
        head = client.reader.until(b"\r\n\r\n")
        assert f"content-length: {GIB}".encode() in head.lower()
        count, buffer = len(client.reader.pending), bytearray(1 << 20)
        while count < GIB:
            received = client.socket.recv_into(buffer)
            assert received, f"ended after {count} bytes"
            count += received
        assert count == GIB
        assert proxy.process.peak_rss_kib() - before < GROWTH_KIB


def test_a_gibibyte_upload_needs_constant_memory(proxy, port):
    with Client(proxy.host, port, timeout=60) as client:
        before = proxy.process.rss_kib()
        client.send(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {GIB}\r\n\r\n")
        for _ in range(GIB // len(BLOCK)):
            client.socket.sendall(BLOCK)
        assert client.response().text == str(GIB)
        assert proxy.process.peak_rss_kib() - before < GROWTH_KIB


def test_a_gibibyte_of_chunks_needs_constant_memory(proxy, port, stage):
    received = []

    def count_all(sock):
        total, buffer = 0, bytearray(1 << 20)
        tail = b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            got = sock.recv_into(buffer)
            if not got:
                return
            total += got
            tail = (tail + bytes(buffer[max(0, got - 8):got]))[-8:]
        received.append(total)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    sink = stage.keep(TcpServer("sink", stage.port()))
    sink.serve = count_all
    other_port = stage.port()
    other = type(proxy)(stage)
    other.start(CONFIG.format(port=other_port, server=other.at(sink)))
    with Client(other.host, other_port, timeout=60) as client:
        before = other.process.rss_kib()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK)
        for _ in range(GIB // len(BLOCK)):
            client.socket.sendall(chunk)
        client.socket.sendall(b"0\r\n\r\n")
        assert client.response().text == "ok"
        assert received[0] >= GIB
        assert other.process.peak_rss_kib() - before < GROWTH_KIB
