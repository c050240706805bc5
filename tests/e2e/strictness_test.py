"""Requests that RFC 9112 forbids: 400, the connection closed, and not a byte of them at the server."""

from dataclasses import dataclass

import pytest

from harness.wire import Client

CONFIG = """
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind "127.0.0.1:{port}"
    default_backend app
backend app
    server app1 {server}
"""


@dataclass(frozen=True)
class Bad:
    """One forbidden request. `haproxy` says what HAProxy 2.6 does where it does not answer 400."""

    name: str
    raw: bytes
    haproxy: str = "rejects"


def request(*fields, line=b"POST / HTTP/1.1", body=b""):
    return b"\r\n".join([line, b"Host: a", *fields]) + b"\r\n\r\n" + body


BARE_LF = "RFC 9112 section 2.2 permits that, and smuggling lives on the difference"
CHUNKED = b"Transfer-Encoding: chunked"

BAD_REQUESTS = [
    # Framing: two readings of one message are how requests are smuggled (RFC 9112 section 6.3).
    Bad("conflicting Content-Length", request(b"Content-Length: 3", b"Content-Length: 4",
                                              body=b"abcd")),
    Bad("conflicting Content-Length in a list", request(b"Content-Length: 3, 4", body=b"abcd")),
    Bad("repeated Content-Length", request(b"Content-Length: 4", b"Content-Length: 4",
                                           body=b"abcd"),
        haproxy="merges equal lengths; we refuse, since nothing honest sends two"),
    Bad("Content-Length with a sign", request(b"Content-Length: +4", body=b"abcd")),
    Bad("negative Content-Length", request(b"Content-Length: -4", body=b"abcd")),
    Bad("Content-Length in hexadecimal", request(b"Content-Length: 0x4", body=b"abcd")),
    Bad("empty Content-Length", request(b"Content-Length:", body=b"abcd")),
    Bad("Content-Length that overflows", request(b"Content-Length: 99999999999999999999999",
                                                 body=b"abcd")),
    Bad("Content-Length with inner space", request(b"Content-Length: 4 4", body=b"abcd")),
    Bad("Content-Length with Transfer-Encoding", request(b"Content-Length: 4", CHUNKED,
                                                         body=b"0\r\n\r\n"),
        haproxy="drops Content-Length (RFC 9112 section 6.3 allows it); we refuse, as it also allows"),
    Bad("Transfer-Encoding in HTTP/1.0", request(CHUNKED, line=b"POST / HTTP/1.0",
                                                 body=b"0\r\n\r\n"),
        haproxy="forwards; RFC 9112 section 6.1 calls such framing faulty"),
    Bad("chunked not last", request(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n")),
    Bad("chunked twice", request(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n")),
    Bad("unknown transfer coding", request(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n")),
    Bad("Transfer-Encoding with a vertical tab", request(b"Transfer-Encoding: \x0bchunked",
                                                         body=b"0\r\n\r\n")),
    # Chunks.
    Bad("chunk size not hexadecimal", request(CHUNKED, body=b"xyz\r\nabc\r\n0\r\n\r\n")),
    Bad("chunk size with a prefix", request(CHUNKED, body=b"0x3\r\nabc\r\n0\r\n\r\n")),
    Bad("negative chunk size", request(CHUNKED, body=b"-3\r\nabc\r\n0\r\n\r\n")),
    Bad("empty chunk size", request(CHUNKED, body=b"\r\nabc\r\n0\r\n\r\n")),
    Bad("chunk size that overflows", request(CHUNKED, body=b"fffffffffffffffff\r\nabc\r\n")),
    Bad("chunk longer than its size", request(CHUNKED, body=b"3\r\nabcdef\r\n0\r\n\r\n")),
    Bad("chunk size ended by a bare LF", request(CHUNKED, body=b"3\nabc\r\n0\r\n\r\n"),
        haproxy="takes a bare LF for a line end; " + BARE_LF),
    # Fields.
    Bad("obsolete line folding", request(b"X-Long: one", b" two"),
        haproxy="unfolds; RFC 9112 section 5.2 lets a server refuse, and most clients never fold"),
    Bad("a folded first field", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    Bad("space before the colon", request(b"X-Field : value")),
    Bad("tab before the colon", request(b"X-Field\t: value")),
    Bad("empty field name", request(b": value")),
    Bad("field without a colon", request(b"just words")),
    Bad("space inside a field name", request(b"X Field: value")),
    Bad("NUL in a field value", request(b"X-Field: a\0b"),
        haproxy="forwards; RFC 9110 section 5.5 wants it refused or replaced"),
    Bad("NUL in a field name", request(b"X-F\0ield: a")),
    Bad("bare CR in a field value", request(b"X-Field: a\rb")),
    Bad("bare LF ends a field", b"GET / HTTP/1.1\r\nHost: a\nX-Field: b\r\n\r\n",
        haproxy="takes a bare LF for a line end; " + BARE_LF),
    Bad("bare LF ends the request line", b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        haproxy="takes a bare LF for a line end; " + BARE_LF),
    Bad("bare LFs end the head", b"GET / HTTP/1.1\nHost: a\n\n",
        haproxy="takes a bare LF for a line end; " + BARE_LF),
    Bad("two Host fields", request(b"Host: b", line=b"GET / HTTP/1.1")),
    Bad("no Host in HTTP/1.1", b"GET / HTTP/1.1\r\nX-Field: a\r\n\r\n",
        haproxy="forwards; RFC 9112 section 3.2 asks for 400"),
    # The request line.
    Bad("no version", b"GET /\r\nHost: a\r\n\r\n"),
    Bad("unknown protocol", request(line=b"GET / HTTQ/1.1")),
    Bad("a version of one digit", request(line=b"GET / HTTP/1")),
    Bad("a version in lower case", request(line=b"GET / http/1.1")),
    Bad("HTTP/3.0 in HTTP/1 framing", request(line=b"GET / HTTP/3.0"),
        haproxy="takes any version of the right shape; we serve those whose framing we know"),
    Bad("space in the target", request(line=b"GET /a b HTTP/1.1")),
    Bad("two spaces after the method", request(line=b"GET  / HTTP/1.1"),
        haproxy="skips blanks; two parsers may skip differently"),
    Bad("leading space", request(line=b" GET / HTTP/1.1")),
    Bad("method that is no token", request(line=b"G(T / HTTP/1.1")),
    Bad("control character in the target", request(line=b"GET /a\x01b HTTP/1.1")),
    Bad("NUL in the target", request(line=b"GET /a\0b HTTP/1.1")),
    Bad("binary noise", bytes(range(128, 160)) + b"\r\n\r\n"),
]


@pytest.fixture
def recorder(stage):
    return stage.recorder("app1", answer=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def port(stage, proxy, recorder):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(recorder)))
    return port


@pytest.mark.parametrize("bad", BAD_REQUESTS, ids=lambda bad: bad.name.replace(" ", "-"))
def test_is_refused(bad, proxy, port, recorder):
    with Client(proxy.host, port) as client:
        client.send(bad.raw)
        if proxy.kind == "haproxy" and bad.haproxy != "rejects":
            client.finish_sending()
            assert not client.rest().startswith(b"HTTP/1.1 400 "), "HAProxy refuses it too"
            return
        answer = client.rest()
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"\r\nconnection: close\r\n" in answer.lower()
    assert recorder.received == []
