"""`show errors`: the last bad request and response of each proxy, as HAProxy shows them."""

import re
import socket
import threading

import pytest

from harness.wait import wait_until

CONFIG = """
global
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind "*:{port}"
    default_backend app
backend app
    server s1 {server}
listen both
    bind "*:{both}"
    server s2 {server}
frontend good
    bind "*:{good}"
    http-request return status 200
"""


class Responder:
    """Answers every connection's first bytes with `response`, and closes."""

    def __init__(self, host="0.0.0.0"):
        self.response = b""
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self.response)

    def close(self):
        self.listener.close()


@pytest.fixture
def served(stage, proxy):
    proxy.responder = Responder()
    proxy.port, proxy.both, proxy.good = stage.port(), stage.port(), stage.port()
    proxy.start(CONFIG.format(port=proxy.port, both=proxy.both, good=proxy.good,
                              server=proxy.at(proxy.responder)))
    yield proxy
    proxy.responder.close()


def send(host, port, raw):
    """What is answered; the client waits for the end."""
    with socket.create_connection((host, port), timeout=5) as connection:
        connection.sendall(raw)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def entries(text):
    """[{title, side, event, src, position, dump}], in their order."""
    found = []
    for entry in re.split(r"^ $", text, flags=re.M)[1:]:
        title, second, *rest = entry.strip("\n").split("\n")
        side, src = re.fullmatch(r"  (.*), event #\d+, src ([0-9.]+):\d+", second).groups()
        position = re.search(r"error at position (\d+)", entry)
        found.append({"title": title.split("] ")[1], "side": side, "src": src,
                      "position": int(position[1]) if position else None,
                      "dump": [line for line in rest if re.match(r"  \d{5}[ +] ", line)]})
    return found


BAD_REQUESTS = {  # the request: where HAProxy 2.6 finds it wrong
    b"GET / HTTP/1.1\r\nHost: a\r\nba d: x\r\n\r\n": 27,
    b"GET / HTTP/1.1\r\nHost: a\r\nname\x00: x\r\n\r\n": 29,
    b"GET / HTTP/1.1\r\nHost: a\r\nx y: a\x01b\xff\t\x1b\\c\r\n\r\n": 26,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5x\r\n\r\n": 41,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nzz\r\n": 61,
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": 56,
    b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n": 5,
    b"GET / HTTP/1.1\r\nHost: a\r\n%b y: x\r\n\r\n" % (b"long" * 60): 265,
}


@pytest.mark.kinds("lbd", "haproxy")
@pytest.mark.parametrize("raw", BAD_REQUESTS, ids=range(len(BAD_REQUESTS)))
def test_a_bad_request_is_kept_with_its_bytes(served, raw):
    assert send(served.host, served.port, raw).startswith(b"HTTP/1.1 400 ")
    shown = entries(served.runtime.ask("show errors"))
    assert len(shown) == 1
    assert shown[0]["title"] == "frontend web (#2): invalid request"
    assert shown[0]["side"] == "backend <NONE> (#-1), server <NONE> (#-1)"
    assert shown[0]["src"] == "127.0.0.1"
    assert shown[0]["position"] == BAD_REQUESTS[raw]
    assert shown[0]["dump"] == dump(raw)


def dump(raw):
    """The bytes as HAProxy 2.6 lays them out."""
    names = {9: "\\t", 10: "\\n", 13: "\\r", 27: "\\e", 92: "\\\\"}
    lines, goes_on = [], False
    line = "  00000  "
    for at, byte in enumerate(raw):
        text = names.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02X}")
        if goes_on is None or len(line) + len(text) > 79:
            if goes_on is not None:
                lines.append(line)
            line = f"  {at:05d}{' ' if goes_on is None else '+'} "
        goes_on = True
        line += text
        if byte == 10:
            lines.append(line)
            goes_on = None
    return lines if goes_on is None else [*lines, line]


BAD_RESPONSES = {
    b"HTTP/1.1 200 OK\r\nheader/bizarre blah: 1\r\nContent-Length: 0\r\n\r\n": 23,
    b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n": 33,
    b"HTTP/1.1 2x0 OK\r\n\r\n": 10,
}


@pytest.mark.kinds("lbd", "haproxy")
@pytest.mark.parametrize("raw", BAD_RESPONSES, ids=range(len(BAD_RESPONSES)))
def test_a_bad_response_is_kept_with_its_server(served, raw):
    served.responder.response = raw
    request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert send(served.host, served.port, request).startswith(b"HTTP/1.1 502 ")
    shown = entries(served.runtime.ask("show errors"))
    assert len(shown) == 1
    assert shown[0]["title"] == "backend app (#3): invalid response"
    assert shown[0]["side"] == "frontend web (#2), server s1 (#1)"
    assert shown[0]["dump"] == dump(raw)
    if served.is_ours or "2x0" not in raw.decode():
        assert shown[0]["position"] == BAD_RESPONSES[raw]


@pytest.mark.kinds("lbd", "haproxy")
def test_what_is_shown_can_be_chosen(served):
    served.responder.response = b"HTTP/1.1 200 OK\r\nb d: 1\r\n\r\n"
    bad, good = b"GET / HTTP/1.1\r\nb d: 1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    for port in (served.port, served.both):
        send(served.host, port, bad)
        send(served.host, port, good)
    send(served.host, served.good, good)

    def titles(command):
        reply = served.runtime.ask(command)
        assert re.match(r"Total events captured on \[.*\] : 4\n", reply), reply
        return [entry["title"].split(" (")[0] + " " + entry["title"].split()[-1]
                for entry in entries(reply)]

    web, app = "frontend web request", "backend app response"
    both = ["frontend both request", "backend both response"]
    assert titles("show errors") == [web, app, *both]
    assert titles("show errors -1") == [web, app, *both]
    assert titles("show errors web") == [web, app], "its requests, and responses to what it forwarded"
    assert titles("show errors 2") == [web, app]
    assert titles("show errors app") == [app]
    assert titles("show errors both") == both
    assert titles("show errors -1 request") == [web, both[0]]
    assert titles("show errors -1 response") == [app, both[1]]
    assert titles("show errors both response") == [both[1]]
    assert titles("show errors 99") == []
    assert titles("show errors good") == []
    assert served.runtime.ask("show errors nosuch") == "No such proxy.\n\n"
    if served.is_ours:
        assert "frontend both" not in served.lbctl.ok("show", "errors", "web", "request")
        assert "frontend both" in served.lbctl.ok("show", "errors")


@pytest.mark.kinds("lbd", "haproxy")
def test_the_last_one_takes_the_place_of_the_one_before(served):
    for name in (b"one", b"two"):
        send(served.host, served.port, b"GET / HTTP/1.1\r\n" + name + b" x: 1\r\n\r\n")
    reply = served.runtime.ask("show errors")
    assert ": 2\n" in reply.splitlines(keepends=True)[0]
    assert "two x" in reply and "one x" not in reply


@pytest.mark.kinds("split")
def test_every_data_plane_tells_its_own(served):
    for index, host in enumerate(served.hosts):
        send(host, served.port, b"GET / HTTP/1.1\r\nfrom node%d: 1\r\n\r\n" % (index + 1))
    reply = served.lbctl.ok("show", "errors")
    for index in range(len(served.hosts)):
        part = reply.split(f"data plane node{index + 1}, ")[1]
        assert f"from node{index + 1}" in part.split("data plane")[0]


H2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


def headers_frame(fields):
    """HEADERS that end stream 1: literals without indexing, nothing compressed."""
    block = b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
                     for name, value in fields)
    return len(block).to_bytes(3, "big") + bytes([1, 5, 0, 0, 0, 1]) + block


GET = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"a")]


@pytest.mark.kinds("lbd")
@pytest.mark.parametrize("fields, reason, shown", [
    ([*GET, (b"te", b"gzip")], "malformed header field", "te: gzip"),
    ([*GET, (b"Upper", b"x")], "malformed header field", "Upper: x"),
    ([*GET, (b"x", b"a\rb")], "malformed header field", "x: a\\rb"),
    ([*GET, (b"content-length", b"1"), (b"content-length", b"1")], "malformed header field",
     "content-length: 1"),
    ([*GET, (b"host", b"other")], "Host differs from the request target", None),
    (GET[:2], "malformed head", None),
])
def test_of_a_malformed_http2_request_the_field_is_named(served, fields, reason, shown):
    with socket.create_connection((served.host, served.port), timeout=5) as connection:
        connection.sendall(H2_PREFACE + headers_frame(fields))
        reply = wait_until(lambda: (text := served.runtime.ask("show errors")) and
                           "invalid request" in text and text, what="a kept request")
    assert "HTTP/2\n" in reply
    assert reason in reply
    if shown:
        assert f"  00000  {shown}\n" in reply
