"""HTTP/1 relaying: message framing, interim responses, upgrades, old versions and odd targets."""

import os

import pytest

from harness.servers import chunked, frame, read_frame, reply, websocket_accept, websocket_echo
from harness.wait import wait_until

CONFIG = """
global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
    timeout tunnel 20s
frontend web
    bind "127.0.0.1:{port}"
    default_backend app
backend app
    server app1 {server}
"""


@pytest.fixture
def app(stage):
    return stage.web("app1")


@pytest.fixture
def client(stage, proxy, app):
    """A client connection through the proxy to one server."""
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(app)))
    return stage.client(proxy.host, port)


def test_pipelined_requests_are_answered_in_order(client, app):
    app.answer = lambda request, _: reply(200, request.target)
    client.send("".join(f"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n" for i in range(20)))
    assert [client.response().text for _ in range(20)] == [f"/{i}" for i in range(20)]


def test_pipelining_survives_a_body_between_requests(client, app):
    app.answer = lambda request, _: reply(200, request.body or b"empty")
    client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [client.response().text for _ in range(3)] == ["hello", "abcde", "empty"]


def test_chunked_response_and_its_trailers_arrive(client, app):
    app.answer = lambda *_: chunked([b"one", b"two" * 1000], trailers=[("X-Sum", "42")])
    response = client.get("/")
    assert response.body == b"one" + b"two" * 1000
    assert [(name.lower(), value) for name, value in response.trailers] == [("x-sum", "42")]
    assert client.get("/again").status == 200


def test_chunked_request_and_its_trailers_arrive(client, app):
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                "3;ext=1\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n")
    assert client.response().status == 200
    request = app.requests[-1]
    assert request.body == b"abc"
    assert [(name.lower(), value) for name, value in request.trailers] == [("x-sum", "7")]


def test_a_request_body_streams_before_it_is_complete(client, app):
    arrived = []

    def answer_after_the_body(sock):
        while b"whole" not in b"".join(arrived):
            arrived.append(sock.recv(65536))
        sock.sendall(reply(200, "done"))
    app.serve = answer_after_the_body
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf-")
    wait_until(lambda: b"half-" in b"".join(arrived), what="the first half at the server")
    client.send("whole")
    assert client.response().text == "done"


def test_expect_100_continue_is_answered_before_the_body_is_sent(client, app):
    app.answer = lambda request, _: reply(200, request.body)
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    assert client.response().status == 100
    client.send("body")
    response = client.response()
    assert (response.status, response.body) == (200, b"body")


def test_interim_responses_come_before_the_final_one(client, app):
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    app.answer = lambda *_: early + reply(200, "final")
    client.request("/")
    hint = client.response()
    assert (hint.status, hint.get("link")) == (103, "</a.css>; rel=preload")
    assert client.response().text == "final"


def test_head_204_and_304_have_no_body_and_keep_the_connection(client, app):
    replies = {"/head": reply(200, "x" * 100, method="HEAD"),
               "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
               "/304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"e\"\r\n\r\n"}
    app.answer = lambda request, _: replies.get(request.target) or reply(200, "next")
    head = client.get("/head", method="HEAD")
    assert (head.status, head.get("content-length")) == (200, "100")
    assert client.get("/204").status == 204
    not_modified = client.get("/304")
    assert (not_modified.status, not_modified.get("etag")) == (304, '"e"')
    assert client.get("/next").text == "next"


def test_http_1_0_closes_after_the_response(client, app):
    app.answer = lambda *_: reply(200, "abcdef")
    client.send("GET /old HTTP/1.0\r\n\r\n")
    head, body = client.rest().split(b"\r\n\r\n", 1)
    assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))
    assert body == b"abcdef"


@pytest.mark.kinds("lbd")
def test_a_chunked_response_reaches_an_http_1_0_client_without_chunks(client, app):
    # RFC 9112 section 6.1: no Transfer-Encoding to HTTP/1.0. HAProxy forwards what the server sent.
    app.answer = lambda *_: chunked([b"abc", b"def"])
    client.send("GET /old HTTP/1.0\r\n\r\n")
    head, body = client.rest().split(b"\r\n\r\n", 1)
    assert b"transfer-encoding" not in head.lower()
    assert body == b"abcdef"


def test_http_1_0_keep_alive_is_honoured(client, app):
    for number in (1, 2):
        client.send(f"GET /old{number} HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
        response = client.response()
        assert response.status == 200
        assert response.get("connection", "").lower() == "keep-alive"


def test_connection_close_is_honoured(client):
    response = client.get("/", headers=[("Connection", "close")])
    assert response.status == 200 and response.get("connection", "").lower() == "close"
    assert client.is_closed_by_peer()


def test_body_until_close_ends_the_client_connection_or_is_chunked(client, app):
    def answer(_, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
        return False
    app.answer = answer
    assert client.get("/").text == "until the end"


def test_absolute_form_target_is_served(client, app):
    client.send("GET http://shop.example.test/a?b=c HTTP/1.1\r\nHost: shop.example.test\r\n\r\n")
    assert client.response().status == 200
    request = app.requests[-1]
    assert request.target in ("/a?b=c", "http://shop.example.test/a?b=c")
    assert request.get("host") == "shop.example.test"


def test_options_asterisk_reaches_the_server(client, app):
    client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.response().status == 200
    assert app.requests[-1].target == "*"


def test_connection_fields_stay_on_their_hop(client, app):
    client.get("/", headers=[("Keep-Alive", "timeout=5"), ("X-End", "to end")])
    request = app.requests[-1]
    assert request.get("x-end") == "to end"
    assert request.get("connection", "").lower() in ("", "keep-alive")


def test_websocket_echo_through_upgrade(client, app):
    app.answer = websocket_echo
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    client.request("/chat", headers=[("Upgrade", "websocket"), ("Connection", "Upgrade"),
                                     ("Sec-WebSocket-Key", key), ("Sec-WebSocket-Version", "13")])
    response = client.response()
    assert response.status == 101
    assert response.get("upgrade", "").lower() == "websocket"
    assert response.get("sec-websocket-accept") == websocket_accept(key)
    for payload in (b"hello", b"x" * 300, os.urandom(200_000)):
        client.send(frame(2, payload, mask=b"\1\2\3\4"))
        assert read_frame(client.reader) == (2, payload)
    client.send(frame(8, b"\x03\xe8", mask=b"\0\0\0\0"))
    assert read_frame(client.reader) == (8, b"\x03\xe8")
    assert client.is_closed_by_peer()


def test_bytes_after_the_upgrade_request_belong_to_the_tunnel(client, app):
    app.answer = websocket_echo
    head = ("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    client.send(head.encode() + frame(1, b"early", mask=b"abcd"))
    assert client.response().status == 101
    assert read_frame(client.reader) == (1, b"early")


def test_a_server_that_closes_in_the_middle_of_a_body_ends_the_response_early(client, app):
    def answer(_, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
        return False
    app.answer = answer
    client.request("/")
    got = client.rest()
    assert got.endswith(b"only this"), "the client must see the cut, not a complete message"


def test_an_early_response_does_not_wait_for_the_body(client, app):
    def refuse_early(sock):
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
    app.serve = refuse_early
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nfirst bytes")
    response = client.response()
    assert (response.status, response.text) == (403, "no")
