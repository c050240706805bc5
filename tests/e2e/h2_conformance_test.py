"""RFC 9113 and RFC 7541 at a running proxy, frame by frame: towards clients and towards servers."""

import threading

import pytest

from h2conformance import from_clients, from_servers
from harness.h2frames import (
    ACK, HEADERS, NO_ERROR, PING, REFUSED_STREAM, RST_STREAM, SETTINGS, H2Client, H2Server, get,
    goaway, reset)
from harness.servers import reply
from harness.wait import NotReached, wait_until
from harness.wire import Client, ConnectionEnded

CONFIG = """
global
    nbthread 1
    tune.h2.fe.max-concurrent-streams {streams}
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
    timeout http-request 5s
frontend web
    bind "*:{port}"
    default_backend app
backend app
    http-reuse always
    server app1 {server}
"""

PROBE = 1001  # a stream that no case uses


class Failures:
    """Cases that went wrong, all of which a test reports at once."""

    def __init__(self):
        self.lines = []

    def check(self, case, what, seen, wanted):
        if seen != wanted:
            self.lines.append(f"{case.name}: {what} is {seen!r}, not {wanted!r}")


@pytest.fixture
def held():
    """Set when the servers may answer /hold."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def web(stage, proxy, held):
    """The address of a proxy before one server."""
    def answer(request, _):
        if request.target == "/hold":
            held.wait(20)
        return reply(200, request.body or b"fine", method=request.method)
    port, server = stage.port(), stage.web("app1", answer)
    proxy.start(CONFIG.format(port=port, server=proxy.at(server), streams=from_clients.STREAMS))
    return proxy.host, port


def run_case(address, case, failures):
    with H2Client(*address, preface=case.preface) as client:
        client.send(case.sent)
        if case.goaway is not None:
            client.to_end()
            failures.check(case, "GOAWAY", client.goaway(), case.goaway)
            first = client.seen[0]  # RFC 9113 section 3.4
            failures.check(case, "first frame", (first.kind, first.flags), (SETTINGS, 0))
            return
        probe = PROBE if case.stream < PROBE else None
        status = None
        if case.status is not None:
            status = client.response(case.stream)
        if case.rst is not None:
            client.until(lambda f: f.kind == RST_STREAM and f.stream == case.stream)
        if probe:
            client.send(get(probe))
            failures.check(case, "the next request", client.response(probe), 200)
        resets = client.all(RST_STREAM, case.stream)
        failures.check(case, "status", status, case.status)
        failures.check(case, "reset", resets[-1].error if resets else None, case.rst)
        failures.check(case, "GOAWAY", client.goaway(), None)
        seen = [(f.kind, f.flags, f.stream, f.payload) for f in client.seen]
        for frame in set(case.replies):
            wanted = case.replies.count(frame)
            # The SETTINGS of the connection's beginning are acknowledged too.
            wanted += frame[:2] == (SETTINGS, ACK)
            failures.check(case, f"number of {frame}", seen.count(frame), wanted)
        failures.check(case, "answers to unasked PINGs",
                       any(f[0] == PING and f not in case.replies for f in seen), False)


@pytest.mark.kinds("lbd", "split")
def test_frames_from_clients(web):
    failures = Failures()
    for case in (case for group in from_clients.GROUPS.values() for case in group):
        try:
            run_case(web, case, failures)
        except TimeoutError:
            failures.lines.append(f"{case.name}: nothing more came")
    assert not failures.lines, "\n".join(failures.lines)


BEHIND = """
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend web
    bind "*:{port}"
    default_backend app
backend app
    http-reuse never
    server app1 {server} proto h2
"""


class CaseServer(H2Server):
    """Plays the server of one case after another."""

    def begin(self, case):
        self.case, self.opening = case, case.opening
        self.connections, self.ended = [], 0

    def play(self, frames, _):
        if frames.until(lambda f: f.kind == HEADERS):
            frames.send(self.case.sent)
        frames.to_end()
        self.ended += 1


def ask(address, case):
    """Status and body that the client gets."""
    with Client(*address, timeout=5) as client:
        client.request("/", [("Connection", "close")], case.method)
        try:
            response = client.response(case.method)
            while response.status < 200:
                response = client.response(case.method)
        except ConnectionEnded:
            return from_servers.CUT, None
        return response.status, response.body


@pytest.mark.kinds("lbd", "split")
def test_frames_from_servers(stage, proxy):
    failures, port = Failures(), stage.port()
    server = stage.keep(CaseServer("app1", stage.port()))
    server.script = server.play
    proxy.start(BEHIND.format(port=port, server=proxy.at(server)))
    for case in from_servers.CASES:
        server.begin(case)
        try:
            status, body = ask((proxy.host, port), case)
            wait_until(lambda: server.ended == 1, 5)
        except (TimeoutError, NotReached):
            failures.lines.append(f"{case.name}: nothing more came")
            server.stop()
            server.start()
            continue
        first = server.connections[0]
        resets = [f.error for f in first.all(RST_STREAM, 1)]
        failures.check(case, "status", status, case.client)
        if case.body is not None:
            failures.check(case, "body", body, case.body)
        failures.check(case, "GOAWAY", first.goaway() or NO_ERROR, case.goaway)
        failures.check(case, "reset", resets[0] if resets else None, case.rst)
    assert not failures.lines, "\n".join(failures.lines)


@pytest.mark.kinds("lbd", "split")
@pytest.mark.parametrize("refusal", [reset(3, REFUSED_STREAM), goaway(1)],
                         ids=["REFUSED_STREAM", "GOAWAY"])
def test_what_a_server_has_not_begun_goes_to_a_new_connection(stage, proxy, refusal):
    def play(frames, number):
        def is_request(frame):
            return frame.kind == HEADERS
        frames.until(is_request)
        frames.send(from_servers.OK)
        if number == 0 and frames.until(is_request):
            frames.send(refusal)
        frames.to_end()
    port, server = stage.port(), stage.keep(H2Server("app1", stage.port(), play))
    config = BEHIND.replace("http-reuse never", "http-reuse always")
    proxy.start(config.format(port=port, server=proxy.at(server)))
    with Client(proxy.host, port) as client:
        assert [client.get().status for _ in range(2)] == [200, 200]
    assert len(server.connections) == 2
