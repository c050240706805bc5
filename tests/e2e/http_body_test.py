"""Rules that wait for bodies: "wait-for-body", "option http-buffer-request", and what they see."""

import pytest

from harness.curl import curl
from harness.servers import chunked, reply
from harness.wait import stays, wait_until

pytestmark = pytest.mark.kinds("haproxy", "lbd", "split")

CONFIG = """
global
    nbthread 1
    log "${{SYSLOG_ADDR}}" local0
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 10s
    timeout server 10s
    {defaults}
frontend web
    bind "*:{port}"
    {front}
    default_backend app
backend app
    {back}
    server app1 {server}
backend other
    http-request set-header x-backend other
    server app1 {server}
"""

SEEN = 'http-request set-header x-seen "%[req.body_len] %[req.body_size] %[req.body] %[req.body_param(b)]"'
RESPONSE_SEEN = 'http-response set-header x-seen "%[res.body_len] %[res.body_size] %[res.body]"'
LENGTH = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
CHUNKED = "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def app(stage):
    return stage.web("app1")


@pytest.fixture
def start(stage, proxy, app):
    """Starts the proxy with these lines; a client's connection to it."""
    assert stage.syslog

    def start(front="", back="", defaults=""):
        port = stage.port()
        lines = {name: "\n    ".join([text] if isinstance(text, str) else text)
                 for name, text in (("front", front), ("back", back), ("defaults", defaults))}
        proxy.start(CONFIG.format(port=port, server=proxy.at(app), **lines))
        client = stage.client(proxy.host, port)
        client.port = port
        return client
    return start


def is_left_alone(app):
    """The server gets no request while the proxy waits."""
    return stays(lambda: not app.requests and app.accepted == 0, 0.25)


def in_pieces(client, app, *pieces):
    for piece in pieces[:-1]:
        client.send(piece)
        assert is_left_alone(app)
    client.send(pieces[-1])


PIECES = [
    ("length", [LENGTH, "a=1", "&b=2zzz"], "10 10 a=1&b=2zzz 2zzz", b"a=1&b=2zzz"),
    ("one piece", [LENGTH + "a=1&b=2zzz"], "10 10 a=1&b=2zzz 2zzz", b"a=1&b=2zzz"),
    ("chunks", [CHUNKED, "5\r\na=1&b\r\n", "3\r\n=22\r\n0\r\n\r\n"], "8 8 a=1&b=22 22", b"a=1&b=22"),
    ("no body", ["GET / HTTP/1.1\r\nHost: a\r\n\r\n"], "0 0", b""),
]


@pytest.mark.parametrize("waits", ["http-request wait-for-body time 5s", "option http-buffer-request"])
@pytest.mark.parametrize("name, pieces, seen, body", PIECES, ids=[row[0] for row in PIECES])
def test_rules_see_the_body_that_they_waited_for(name, pieces, seen, body, waits, start, app):
    client = start([waits, SEEN])
    in_pieces(client, app, *pieces)
    assert client.response().status == 200
    request = app.requests[-1]
    assert (request.get("x-seen").strip(), request.body) == (seen, body)
    # What was held is gone: the connection serves on.
    assert client.get("/next", method="POST", body=b"b=last").status == 200
    assert app.requests[-1].get("x-seen") == "6 6 b=last last"


def test_trailers_of_a_held_body_arrive(start, app):
    client = start("http-request wait-for-body time 5s")
    in_pieces(client, app, CHUNKED, "3\r\nabc\r\n", "0\r\nX-Sum: 7\r\n\r\n")
    assert client.response().status == 200
    assert [(n.lower(), v) for n, v in app.requests[-1].trailers] == [("x-sum", "7")]


def test_waiting_in_the_backend_is_the_same(start, app):
    client = start(back=["option http-buffer-request", SEEN])
    in_pieces(client, app, LENGTH, "a=1", "&b=2zzz")
    assert client.response().status == 200
    assert app.requests[-1].get("x-seen") == "10 10 a=1&b=2zzz 2zzz"


def test_without_a_wait_rules_see_what_came_with_the_head(start, app):
    client = start(SEEN)
    client.send(LENGTH + "a=1")
    wait_until(lambda: app.accepted)
    client.send("&b=2zzz")
    assert client.response().status == 200
    assert app.requests[-1].get("x-seen").strip() == "3 10 a=1"
    assert app.requests[-1].body == b"a=1&b=2zzz"


def test_at_least_so_many_bytes_are_enough(start, app):
    client = start(["http-request wait-for-body time 5s at-least 4", SEEN])
    in_pieces(client, app, LENGTH + "a=1", "&b")
    wait_until(lambda: app.accepted)
    client.send("=2zzz")
    assert client.response().status == 200
    assert app.requests[-1].get("x-seen").strip() == "5 10 a=1&b"
    assert app.requests[-1].body == b"a=1&b=2zzz"


def test_a_body_larger_than_a_buffer_goes_on_when_it_is_full(start, app):
    client = start(["http-request wait-for-body time 5s",
                    'http-request set-header x-seen "%[req.body_len] %[req.body_size]"'])
    body = bytes(range(256)) * 500
    assert client.get("/", method="POST", body=body).status == 200
    held, size = map(int, app.requests[-1].get("x-seen").split())
    assert 14000 < held <= 16384 - 1024 and size == len(body)
    assert app.requests[-1].body == body


def test_a_rule_with_a_condition_waits_only_then(start, app):
    client = start(["http-request wait-for-body time 5s if { path /wait }", SEEN])
    client.send(LENGTH + "a=1")
    wait_until(lambda: app.accepted)
    client.send("&b=2zzz")
    assert client.response().status == 200
    assert app.requests[-1].get("x-seen").strip() == "3 10 a=1"


def test_the_backend_is_chosen_by_the_body(start, app):
    client = start(["option http-buffer-request",
                    "use_backend other if { req.body_param(to) -m str other }"])
    in_pieces(client, app, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nx=1&to=", "other")
    assert client.response().status == 200
    client.get("/", method="POST", body=b"to=nobody")
    assert [r.get("x-backend") for r in app.requests] == ["other", None]


LATE = [
    ("the action", "http-request wait-for-body time 300ms", "", ""),
    ("the option", "option http-buffer-request", "", "timeout http-request 300ms"),
    ("the backend's option", "", "option http-buffer-request", "timeout http-request 300ms"),
    ("a silent client", "option http-buffer-request", "", "timeout client 300ms"),
]


@pytest.mark.parametrize("name, front, back, defaults", LATE, ids=[row[0] for row in LATE])
def test_a_body_that_does_not_come_in_time_is_answered_with_408(name, front, back, defaults, start,
                                                                app, syslog):
    client = start(front, back, defaults)
    client.send(LENGTH + "a=1")
    assert client.response().status == 408
    assert client.is_closed_by_peer()
    assert app.requests == []
    assert " cR-- " in syslog.wait_for("POST /p").text


def test_a_client_that_leaves_in_its_body_gets_no_answer(start, app, syslog):
    client = start("http-request wait-for-body time 5s")
    client.send(LENGTH + "a=1").finish_sending()
    assert client.rest() == b""
    assert " CR-- " in syslog.wait_for("POST /p").text
    assert app.accepted == 0


def test_a_body_that_breaks_while_it_is_waited_for_is_refused(start, app, syslog):
    client = start("http-request wait-for-body time 5s")
    in_pieces(client, app, CHUNKED + "3\r\nabc\r\n", "zz\r\n")
    assert client.response().status == 400
    assert client.is_closed_by_peer()
    assert " PR-- " in syslog.wait_for("POST /p").text
    assert app.accepted == 0


def test_a_client_that_waits_for_100_is_told_to_go_on(start, app):
    client = start(["http-request wait-for-body time 5s", SEEN])
    client.send(LENGTH.replace("Host", "Expect: 100-continue\r\nHost"))
    assert client.response().status == 100
    client.send("a=1&b=2zzz")
    assert client.response().status == 200
    request = app.requests[-1]
    assert (request.get("x-seen"), request.get("expect")) == ("10 10 a=1&b=2zzz 2zzz", None)


def test_http2_bodies_are_waited_for(start, app, proxy):
    client = start(["option http-buffer-request", SEEN])
    for options in (["-d", "a=1&b=2"], ["-d", "a=1&b=2", "-H", "Content-Length:"]):
        curl(f"http://{proxy.host}:{client.port}/", "--http2-prior-knowledge", *options)
        assert app.requests[-1].get("x-seen") == "7 7 a=1&b=2 2"
        assert app.requests[-1].body == b"a=1&b=2"


# Responses.

def slowly(app, *pieces):
    """Makes the server send these, each but the first when the test opens the gate."""
    gates = []

    def answer(_, sock):
        for number, piece in enumerate(pieces):
            wait_until(lambda n=number: len(gates) >= n)
            sock.sendall(piece.encode() if isinstance(piece, str) else piece)
        return False
    app.answer = answer
    return lambda: gates.append(1)


HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
WAIT_RESPONSE = ["http-response wait-for-body time 5s", RESPONSE_SEEN]


def nothing_yet(client):
    return stays(client.is_open, 0.25)


RESPONSES = [
    ("length", [HEAD + "01234", "56789"], "10 10 0123456789", b"0123456789"),
    ("chunks", ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "2\r\nde\r\n0\r\n\r\n"],
     "5 5 abcde", b"abcde"),
    ("to the end", ["HTTP/1.1 200 OK\r\n\r\nabc", "de"], "5 5 abcde", b"abcde"),
]


@pytest.mark.parametrize("name, pieces, seen, body", RESPONSES, ids=[row[0] for row in RESPONSES])
def test_response_rules_see_the_body_that_they_waited_for(name, pieces, seen, body, start, app):
    client = start(back=WAIT_RESPONSE)
    open_gate = slowly(app, *pieces)
    client.request("/")
    wait_until(lambda: app.requests)
    assert nothing_yet(client)
    open_gate()
    response = client.response()
    assert (response.status, response.get("x-seen"), response.body) == (200, seen, body)


def test_a_responses_trailers_arrive_behind_the_held_body(start, app):
    client = start(back=WAIT_RESPONSE)
    app.answer = lambda *_: chunked([b"one", b"two"], trailers=[("X-Sum", "42")])
    response = client.get("/")
    assert (response.body, response.get("x-seen")) == (b"onetwo", "6 6 onetwo")
    assert [(n.lower(), v) for n, v in response.trailers] == [("x-sum", "42")]
    assert client.get("/again").status == 200


def test_a_large_response_goes_on_when_the_buffer_is_full(start, app):
    client = start("http-response wait-for-body time 5s",
                   'http-response set-header x-seen "%[res.body_size]"')
    app.answer = lambda request, _: reply(200, b"x" * 200000, method=request.method)
    for _ in range(2):
        response = client.get("/")
        assert response.get("x-seen") == "200000" and response.body == b"x" * 200000
    assert client.get("/", method="HEAD").status == 200


def test_a_response_body_that_does_not_come_in_time_is_504(start, app, syslog):
    client = start(back=["http-response wait-for-body time 300ms", RESPONSE_SEEN])
    slowly(app, HEAD + "0123", "456789")
    assert client.get("/").status == 504
    assert " 504 " in syslog.wait_for("GET /").text


def test_a_response_that_is_cut_while_it_is_waited_for_is_passed_on_as_far_as_it_came(start, app, syslog):
    client = start(back=WAIT_RESPONSE)
    slowly(app, HEAD + "0123")
    client.request("/")
    assert client.rest().endswith(b"\r\n\r\n0123")
    assert " SD-- " in syslog.wait_for("GET /").text


def test_a_response_that_breaks_while_it_is_waited_for_is_502(start, app, syslog):
    client = start(back=WAIT_RESPONSE)
    open_gate = slowly(app, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "zz\r\n")
    client.request("/")
    assert nothing_yet(client)
    open_gate()
    assert client.response().status == 502
    assert " PH-- " in syslog.wait_for("GET /").text


# "tcp-request content" before HTTP: only wait_end waits, for the whole body.

INSPECTION = [
    ("the body comes", "5s", [LENGTH + "a=1", "&b=2zzz"], "10 10 a=1&b=2zzz 2zzz"),
    ("the delay ends", "300ms", [LENGTH + "a=1"], "3 10 a=1"),
    ("no body", "5s", ["GET / HTTP/1.1\r\nHost: a\r\n\r\n"], "0 0"),
]


@pytest.mark.parametrize("name, delay, pieces, seen", INSPECTION, ids=[row[0] for row in INSPECTION])
def test_wait_end_waits_for_the_body(name, delay, pieces, seen, start, app):
    client = start([f"tcp-request inspect-delay {delay}", "tcp-request content accept if WAIT_END", SEEN])
    in_pieces(client, app, *pieces)
    wait_until(lambda: app.accepted)
    if name == "the delay ends":
        client.send("&b=2zzz")
    assert client.response().status == 200
    assert app.requests[-1].get("x-seen").strip() == seen


def test_content_rules_do_not_wait_for_what_they_look_at(start, app):
    client = start(["tcp-request inspect-delay 5s", "tcp-request content reject if { req.body_len lt 5 }"])
    client.send(LENGTH + "a=1")
    assert client.is_closed_by_peer()
    assert app.accepted == 0
