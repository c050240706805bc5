"""Directives that change how HTTP is read and written, and how sessions are taken and logged."""

import re
import socket
import ssl
import time

import pytest

from harness.curl import curl
from harness.proxies import ROOT
from harness.servers import chunked, reply, websocket_echo
from harness.wait import stays, wait_until
from harness.wire import Client, get

CONFIG = """
global
    nbthread 1
    log "${{SYSLOG_ADDR}}" local0
    {globals}
defaults
    mode {mode}
    log global
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
"""


@pytest.fixture
def app(stage):
    return stage.web("app1")


@pytest.fixture
def start(stage, proxy, app):
    """Starts the proxy with these lines (the front ones begin with a log format); its port."""
    assert stage.syslog

    def start(front="option httplog", back="", defaults="", globals="", mode="http", server=""):
        port = stage.port()
        lines = {name: "\n    ".join([text] if isinstance(text, str) else text) for name, text in
                 (("front", front), ("back", back), ("defaults", defaults), ("globals", globals))}
        proxy.start(CONFIG.format(port=port, mode=mode, server=f"{proxy.at(app)} {server}", **lines))
        return port
    return start


def names_of(request):
    """The names of a request's fields as they were written."""
    return re.findall(r"^([^:\r\n]+):", request.raw_head.decode("latin-1"), re.MULTILINE)


# option http-restrict-req-hdr-names

ODD = [("x_y", "1"), ("x.z", "2"), ("x-plain9", "3")]


@pytest.mark.kinds("haproxy", "lbd", "split")
@pytest.mark.parametrize("side", ["front", "back"])
@pytest.mark.parametrize("policy, status, passed", [
    ("preserve", 200, ["x_y", "x.z", "x-plain9"]), ("delete", 200, ["x-plain9"]), ("reject", 403, None)])
def test_odd_names_of_fields_are_kept_deleted_or_refused(policy, status, passed, side, start, proxy,
                                                         app):
    port = start(**{side: f"option http-restrict-req-hdr-names {policy}"})
    assert get(proxy.host, port, headers=ODD).status == status
    assert get(proxy.host, port, headers=ODD[2:]).status == 200
    seen = [name for name in names_of(app.requests[0]) if name.startswith("x")]
    assert seen == (passed or ["x-plain9"])


def test_the_sections_own_rules_see_odd_names_before_they_go(start, proxy, app):
    port = start(["option http-restrict-req-hdr-names delete", "http-request set-header seen %[hdr(x_y)]"])
    get(proxy.host, port, headers=ODD)
    assert (app.requests[0].get("seen"), app.requests[0].get("x_y")) == ("1", None)


# h1-case-adjust

CASES = ["h1-case-adjust x-foo X-fOO", "h1-case-adjust connection CONNection",
         "h1-case-adjust transfer-encoding Transfer-ENcoding",
         "h1-case-adjust content-length CONTENT-Length", "h1-case-adjust x-sum X-SUM"]


def test_names_are_written_to_servers_in_the_case_they_want(start, proxy, app):
    port = start("http-request set-header x-foo 1", ["option h1-case-adjust-bogus-server",
                                                      "option httpclose"], globals=CASES)
    with Client(proxy.host, port) as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n")
        response = client.response()
    assert response.status == 200 and "X-fOO" not in response.raw_head.decode()
    request = app.requests[0]
    assert {"X-fOO", "CONNection", "Transfer-ENcoding"} <= set(names_of(request))
    assert request.trailers == [("X-SUM", "7")]
    get(proxy.host, port, method="POST", body=b"abc")
    assert "CONTENT-Length" in names_of(app.requests[1])


def test_names_are_written_to_clients_in_the_case_they_want(start, proxy, app):
    port = start(["option h1-case-adjust-bogus-client",
                  "http-request return status 200 content-type text/plain string hi if { path /own }"],
                 globals=CASES)
    app.answer = lambda *_: chunked([b"abc"], trailers=[("x-sum", "7")], headers=[("x-FOO", "1")])
    response = get(proxy.host, port)
    assert {"X-fOO", "Transfer-ENcoding", "CONNection"} <= set(names_of(response))
    assert response.trailers == [("X-SUM", "7")]
    assert {"CONTENT-Length", "CONNection"} <= set(names_of(get(proxy.host, port, "/own")))
    assert "X-fOO" not in names_of(app.requests[0])


def test_names_from_http2_clients_are_adjusted_by_a_file(start, proxy, app):
    names = proxy.directory / "names"
    names.write_text("# a comment\n\n  x-foo\tX-fOO  \n")
    port = start(back="option h1-case-adjust-bogus-server", globals=f"h1-case-adjust-file {names}")
    curl(f"http://{proxy.host}:{port}/", "--http2-prior-knowledge", "-H", "x-foo: 1", "-H", "x-bar: 1")
    assert {"X-fOO", "x-bar"} <= set(names_of(app.requests[0]))


def test_without_the_option_names_stay(start, proxy, app):
    port = start(globals=CASES)
    get(proxy.host, port, headers=[("x-foo", "1")])
    assert "x-foo" in names_of(app.requests[0])


# option accept-unsafe-violations-in-http-request and -response

def request_text(line="GET / HTTP/1.1", *fields):
    return "\r\n".join([line, "Host: a", *fields, "Connection: close", "", ""])


VIOLATIONS = [
    ("delimiter in a name", request_text("GET / HTTP/1.1", "x(y: 1"), b"x(y: 1\r\n"),
    ("high byte in a name", request_text("GET / HTTP/1.1", "x\xffy: 1"), b"x\xffy: 1\r\n"),
    ("high byte in the target", request_text("GET /a\xe9b HTTP/1.1"), b"GET /a\xe9b HTTP/1.1\r\n"),
    ("fragment", request_text("GET /a?b#c HTTP/1.1"), b"GET /a?b#c HTTP/1.1\r\n"),
    ("no version", "GET /a\r\n\r\n", b"GET /a HTTP/1.0\r\n"),
    ("digits of the version", request_text("GET /a HTTP/1.10"), b"GET /a HTTP/1."),
]
NEVER = [
    ("blank in a name", request_text("GET / HTTP/1.1", "x y: 1")),
    ("blank before the colon", request_text("GET / HTTP/1.1", "xy : 1")),
    ("NUL in a name", request_text("GET / HTTP/1.1", "x\0y: 1")),
    ("lone CR in a name", request_text("GET / HTTP/1.1", "x\ry: 1")),
    ("NUL in a value", request_text("GET / HTTP/1.1", "x: \0")),
    ("lone LF", request_text().replace("\r\n", "\n")),
    ("folded line", request_text("GET / HTTP/1.1", "x: 1", " 2")),
    ("control character in the target", request_text("GET /\x01 HTTP/1.1")),
    ("another protocol", request_text("OPTIONS rtsp://a/ RTSP/1.0")),
    ("POST without a version", "POST /a\r\n\r\n"),
    ("both lengths", request_text("POST / HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked")
     + "0\r\n\r\n"),
    ("two lengths", request_text("POST / HTTP/1.1", "Content-Length: 3", "Content-Length: 3") + "abc"),
    ("Transfer-Encoding with a blank", request_text("POST / HTTP/1.1", "Transfer-Encoding : chunked")),
    ("Transfer-Encoding without a usual version",
     request_text("POST / HTTP/1.10", "Transfer-Encoding: chunked") + "0\r\n\r\n"),
]
OPTIONS = ["accept-invalid-http-request", "accept-unsafe-violations-in-http-request"]


def answer_to(proxy, port, text):
    with Client(proxy.host, port) as client:
        client.send(text)
        return client.response()


@pytest.mark.parametrize("option", OPTIONS)
def test_what_a_buggy_client_sends_passes_when_it_is_asked_for(option, start, proxy, app):
    if proxy.kind == "haproxy" and "unsafe" in option:
        pytest.skip("HAProxy 2.6 has the older name")
    port = start(f"option {option}")
    for name, text, arrives in VIOLATIONS:
        assert answer_to(proxy, port, text).status == 200, name
        assert arrives in app.requests[-1].raw_head, name


def test_what_a_buggy_client_sends_is_refused_otherwise(start, proxy, app):
    port = start("no option accept-invalid-http-request",
                 defaults="option accept-invalid-http-request")
    for name, text, _ in VIOLATIONS:
        assert answer_to(proxy, port, text).status >= 400, name
    assert app.requests == []


@pytest.mark.kinds("lbd")
def test_what_could_desynchronise_is_never_accepted(start, proxy, app):
    port = start(f"option {OPTIONS[1]}")
    for name, text in NEVER:
        assert answer_to(proxy, port, text).status >= 400, name
    assert app.requests == []


@pytest.mark.kinds("lbd")
def test_a_violation_does_not_reach_a_server_in_http2(start, proxy, app):
    received = []
    app.serve = lambda sock: [received.append(piece) for piece in iter(lambda: sock.recv(65536), b"")]
    port = start(f"option {OPTIONS[1]}", server="proto h2")
    assert answer_to(proxy, port, VIOLATIONS[0][1]).status == 400
    assert b"x(y" not in b"".join(received)


BAD_RESPONSES = [
    ("delimiter in a name", "HTTP/1.1 200 OK\r\nx(y: 1\r\nContent-Length: 0\r\n\r\n", True),
    ("high byte in a name", "HTTP/1.1 200 OK\r\nx\xffy: 1\r\nContent-Length: 0\r\n\r\n", True),
    ("digits of the version", "HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n", True),
    ("blank in a name", "HTTP/1.1 200 OK\r\nx y: 1\r\nContent-Length: 0\r\n\r\n", False),
    ("NUL in a name", "HTTP/1.1 200 OK\r\nx\0y: 1\r\nContent-Length: 0\r\n\r\n", False),
    ("another protocol", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n", False),
    ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\nx", False),
]


@pytest.mark.parametrize("is_lenient", [False, True])
def test_what_a_buggy_server_sends_passes_when_it_is_asked_for(is_lenient, start, proxy, app):
    port = start(back="option accept-invalid-http-response" if is_lenient else "")
    for name, text, may_pass in BAD_RESPONSES:
        if is_lenient and not may_pass and proxy.kind == "haproxy":
            continue  # it lets all of that pass
        def answer(_, sock, text=text):
            sock.sendall(text.encode("latin-1"))
            return False
        app.answer = answer
        status = get(proxy.host, port).status
        assert status == (200 if is_lenient and may_pass else 502), name


@pytest.mark.kinds("lbd")
def test_a_violation_by_a_server_does_not_reach_a_client_in_http2(start, proxy, app):
    port = start(back="option accept-unsafe-violations-in-http-response")
    app.answer = lambda *_: BAD_RESPONSES[0][1].encode()
    status = curl(f"http://{proxy.host}:{port}/", "--http2-prior-knowledge", "-o", "/dev/null", "-w",
                  "%{http_code}", "--no-fail")
    assert status == "502"


# Connections

def test_servers_are_not_told_of_the_close_when_keepalive_is_pretended(start, proxy, app):
    port = start(back=["option http-server-close", "option http-pretend-keepalive"])
    with Client(proxy.host, port) as client:
        for _ in range(2):
            assert client.get("/").status == 200
            assert app.requests[-1].get("connection", "").lower() != "close"
        wait_until(lambda: app.open_connections == 0, what="the connections' close")
    assert app.accepted == 2


def in_time_wait(port):
    """The ports of clients whose connections to `port` are closed and not yet forgotten."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return [int(row[2].split(":")[1], 16) for row in rows
            if int(row[1].split(":")[1], 16) == port and row[3] == "06"]


@pytest.mark.parametrize("option, is_kept", [("", True), ("option nolinger", False)])
def test_closed_connections_are_forgotten_with_nolinger(option, is_kept, start, proxy, app):
    port = start(option or "option httplog")
    with Client(proxy.host, port) as client:
        mine = client.local_port
        assert client.get("/", [("Connection", "close")]).text == "OK app1\n"
        assert client.is_closed_by_peer()
    if is_kept:
        wait_until(lambda: mine in in_time_wait(port))
    else:
        assert stays(lambda: mine not in in_time_wait(port), 0.3)


def test_only_so_many_sessions_a_second_are_taken(start, proxy, stage, app):
    port = start("rate-limit sessions 4")
    wait_until(lambda: get(proxy.host, port).status == 200)
    clients = [stage.client(proxy.host, port) for _ in range(10)]
    began = time.monotonic()
    for client in clients:
        client.request("/")
    took = []
    for client in clients:
        assert client.response().status == 200
        took.append(time.monotonic() - began)
    assert took[-1] > 0.9, took


def test_smart_acknowledgements_change_nothing_visible(start, proxy, app):
    port = start("option tcp-smart-accept", "option tcp-smart-connect")
    with Client(proxy.host, port) as client:
        assert [client.get(f"/{i}").status for i in range(3)] == [200] * 3


@pytest.mark.kinds("lbd")
def test_use_htx_is_accepted_with_a_notice(start, proxy, app):
    port = start("option http-use-htx")
    assert get(proxy.host, port).status == 200
    assert "option http-use-htx" in proxy.process.output()


# Logs and ids

@pytest.mark.kinds("haproxy", "lbd", "split")
def test_logasap_writes_the_line_when_the_response_begins(start, proxy, app, syslog):
    port = start(["option httplog", "option logasap"])
    is_seen = []

    def answer(_, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        wait_until(lambda: is_seen)
        sock.sendall(b"56789")
    app.answer = answer
    with Client(proxy.host, port) as client:
        client.request("/asap")
        line = syslog.wait_for("GET /asap").text
        is_seen.append(1)
        assert client.response().body == b"0123456789"
    assert re.search(r" 0/0/\d+/\d+/\+\d+ 200 \+\d+ ", line), line
    assert stays(lambda: len(syslog.matching("GET /asap")) == 1, 0.3)


def test_logasap_writes_the_line_of_a_tcp_session_when_it_is_connected(start, proxy, stage, syslog):
    port = start(["option tcplog", "option logasap"], mode="tcp")
    with Client(proxy.host, port) as client:
        client.get("/")
        assert re.search(r" \d+/\d+/\+\d+ \+\d+ ", syslog.wait_for(r"app/app1").text)
    assert stays(lambda: len(syslog.matching("app/app1")) == 1, 0.3)


def test_each_request_gets_an_id_of_its_own(start, proxy, app, syslog):
    port = start(["unique-id-format %{+X}o%ci:%cp_%fi:%fp_%Ts_%rt:%pid-%[req.hdr(x-a)]",
                  "unique-id-header X-Unique-ID", "log-format %ID~%[unique-id]~%HU",
                  "http-request set-header x-rule %[unique-id]"])
    with Client(proxy.host, port) as client:
        for path in ("/1", "/2"):
            client.get(path, [("x-a", path[1:])])
    ids = [request.get("x-unique-id") for request in app.requests]
    assert ids == [request.get("x-rule") for request in app.requests]
    for number, identity in enumerate(ids, 1):
        assert re.fullmatch(r"[0-9A-F]{8}:[0-9A-F]+_[0-9A-F]{8}:[0-9A-F]+_[0-9A-F]{8}_[0-9A-F]+:[0-9A-F]+-"
                            f"{number}", identity), identity
        assert syslog.wait_for(f"~/{number}$").text == f"{identity}~{identity}~/{number}"
    assert ids[0] != ids[1]


def test_the_url_of_an_http2_request_is_in_absolute_form(start, proxy, app):
    port = start("http-request set-header x-url %[url]")
    curl(f"http://{proxy.host}:{port}/a?b=c", "--http2-prior-knowledge", "-H", "Host: example.org")
    curl(f"http://{proxy.host}:{port}/a?b=c", "-H", "Host: example.org")
    assert [r.get("x-url") for r in app.requests] == ["http://example.org/a?b=c", "/a?b=c"]


# Sizes and timeouts

def test_maxhdr_limits_the_number_of_fields(start, proxy, app):
    port = start(globals="tune.http.maxhdr 10")
    # The start line counts, and so do Host and Connection.
    assert get(proxy.host, port, headers=[("x", "1")] * 6).status == 200
    assert get(proxy.host, port, headers=[("x", "1")] * 12).status == (400 if proxy.kind == "haproxy" else 431)
    assert len(app.requests) == 1


@pytest.mark.parametrize("lines, fits, too_large", [
    (["tune.bufsize 4096", "tune.maxrewrite 1024"], 2500, 3500),
    (["tune.bufsize 32768"], 29000, 32700),
    (["tune.maxrewrite 8000"], 7500, 9500)])
def test_bufsize_and_maxrewrite_limit_the_head(lines, fits, too_large, start, proxy, app):
    port = start(globals=lines)
    assert get(proxy.host, port, headers=[("x", "y" * fits)]).status == 200
    assert get(proxy.host, port, headers=[("x", "y" * too_large)]).status >= 400
    assert len(app.requests) == 1


def test_a_half_closed_session_has_the_fin_timeouts(start, proxy, app, stage):
    port = start("option tcplog", mode="tcp",
                 defaults=["timeout client-fin 300ms", "timeout server-fin 300ms", "timeout tunnel 30s"])
    app.serve = lambda sock: (sock.recv(100), wait_until(lambda: sock.recv(1) == b"", 20, interval=0))
    with Client(proxy.host, port, timeout=5) as client:
        client.send("x").finish_sending()
        began = time.monotonic()
        assert client.rest() == b""
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("mode, upgrade, status", [
    ("tcp", [], 200),
    ("http", [("Connection", "Upgrade"), ("Upgrade", "websocket"),
     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")], 101)])
def test_a_silent_tunnel_ends_with_its_timeout(mode, upgrade, status, start, proxy, app):
    port = start(f"option {mode}log", mode=mode, defaults=["timeout tunnel 400ms"])
    if upgrade:
        app.answer = websocket_echo
    with Client(proxy.host, port, timeout=5) as client:
        assert client.get("/", upgrade).status == status
        began = time.monotonic()
        assert client.rest() == b""
        assert 0.2 < time.monotonic() - began < 4


MODES = [("option httpclose", "close", True), ("option http-server-close", "close", False),
         ("option http-keep-alive", None, False)]


@pytest.mark.parametrize("mode, told, closes", MODES, ids=[row[0] for row in MODES])
def test_connection_modes_close_what_they_say(mode, told, closes, start, proxy, app):
    port = start(defaults=mode)
    with Client(proxy.host, port) as client:
        response = client.get("/")
        assert app.requests[0].get("connection") == told
        assert (response.get("connection") == "close") == closes
        if closes:
            assert client.is_closed_by_peer()
        else:
            assert client.get("/").status == 200
            assert app.accepted == (2 if told else 1)


# tune.ssl.maxrecord

CERTS = ROOT / "tests" / "testing" / "certs"


def tls_records(host, port, request):
    """The lengths of the records of application data that answer one request over TLS 1.2."""
    with_context = ssl.create_default_context(cafile=CERTS / "ca.pem")
    with_context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = with_context.wrap_bio(incoming, outgoing, server_hostname="www.example.test")
    seen, lengths = b"", []

    def until(step, sock):
        nonlocal seen
        while True:
            try:
                done = step()
                sock.sendall(outgoing.read())
                return done
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                piece = sock.recv(65536)
                assert piece, "the proxy closed"
                seen += piece
                incoming.write(piece)

    with socket.create_connection((host, port), timeout=10) as sock:
        until(tls.do_handshake, sock)
        tls.write(request.encode())
        sock.sendall(outgoing.read())
        body = b""
        while not body.endswith(b"END"):
            body += until(lambda: tls.read(65536), sock)
    while seen:
        length = int.from_bytes(seen[3:5], "big")
        if seen[0] == 23:
            lengths.append(length)
        seen = seen[5 + length:]
    return lengths


@pytest.mark.parametrize("limit, most", [("", 16384), ("tune.ssl.maxrecord 1000", 1000)])
def test_maxrecord_limits_the_records_of_tls(limit, most, stage, start, proxy, app):
    app.answer = lambda *_: reply(200, b"x" * 30000 + b"END")
    secure = stage.port()
    start(["option httplog", f'bind "*:{secure}" ssl crt {CERTS}/site.pem'], globals=limit)
    lengths = tls_records(proxy.host, secure, "GET / HTTP/1.1\r\nHost: www.example.test\r\n\r\n")
    overhead = 64
    assert max(lengths) <= most + overhead
    assert limit or max(lengths) > 2000


# option abortonclose

@pytest.fixture
def gate(app):
    """A server that holds its answers until the test opens it; tells what has arrived."""
    arrived, opened = [], []

    def answer(request, _):
        arrived.append(request.target)
        wait_until(lambda: opened, 20)
        return reply(200, request.target)
    app.answer = answer
    yield arrived
    opened.append(1)


def test_a_client_that_leaves_is_given_up_while_the_server_thinks(start, proxy, app, gate, syslog):
    port = start(defaults="option abortonclose")
    with Client(proxy.host, port) as client:
        client.request("/gone")
        wait_until(lambda: gate)
    assert " CH-- " in syslog.wait_for("GET /gone").text


def test_without_abortonclose_a_client_that_leaves_is_served(start, proxy, app, gate, syslog):
    port = start(back="no option abortonclose", defaults="option abortonclose")
    with Client(proxy.host, port) as client:
        client.request("/gone")
        wait_until(lambda: gate)
    assert stays(lambda: not syslog.matching("GET /gone"), 0.4)


def test_a_client_that_leaves_is_given_up_in_the_queue(start, proxy, app, gate, syslog):
    port = start(defaults="option abortonclose", server="maxconn 1")
    with Client(proxy.host, port) as first:
        first.request("/first")
        wait_until(lambda: gate)
        with Client(proxy.host, port) as second:
            second.request("/second")
            assert stays(lambda: gate == ["/first"], 0.2)
        assert " CQ-- " in syslog.wait_for("GET /second").text
    assert gate == ["/first"]
