"""Log lines, field for field those of HAProxy on the same traffic."""

import re
import socket
import ssl

import pytest

from harness.h2frames import ACK, HEADER_TABLE_SIZE, PREFACE, SETTINGS, Frames
from harness.h2frames import get as h2_get
from harness.h2frames import settings
from harness.proxies import ROOT, settled
from harness.servers import reply
from harness.syslog import SyslogReceiver
from harness.wait import wait_until
from harness.wire import Client, get

HTTP = """
global
    log "${{SYSLOG_ADDR}}" local3
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
    nbthread 1
defaults
    mode http
    log global
    {options}
    timeout connect 5s
    timeout client 5s
    timeout server 1s
    retries 0
frontend web
    bind "127.0.0.1:${{PORT}}"
    http-request deny if {{ path /denied }}
    http-request redirect location /there if {{ path /moved }}
    use_backend nobody if {{ path_beg /nobody }}
    use_backend refusing if {{ path /refused }}
    default_backend app
backend app
    server app1 {server}
backend nobody
backend refusing
    server gone 127.0.0.1:{closed}
"""

TCP = """
global
    log "${{SYSLOG_ADDR}}" local3
    nbthread 1
defaults
    mode tcp
    log global
    {options}
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    retries 0
listen pool
    bind "127.0.0.1:${{PORT}}"
    server s1 {server}
listen gone
    bind "127.0.0.1:${{GONE_PORT}}"
    server s1 127.0.0.1:{closed}
"""

STATES = """
global
    log "${{SYSLOG_ADDR}}" local3
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
defaults
    mode http
    log global
    {options}
    timeout connect 5s
    timeout client 5s
    timeout server 5s
backend app
    option httpchk GET /check
    http-check expect string OK
    default-server inter 50ms fall 2 rise 2
    server app1 {app1} check
    server app2 {app2} check backup
listen pool
    bind "127.0.0.1:${{PORT}}"
    server only {app1}
"""


class Twin:
    """One of two proxies on the same file, with a log receiver of its own."""

    def __init__(self, stage, proxy):
        self.stage, self.proxy = stage, proxy
        self.log = stage.keep(SyslogReceiver(stage.port()))
        self.port, self.gone_port = stage.port(), stage.port()

    def start(self, text):
        self.proxy.start(text, SYSLOG_ADDR=f"127.0.0.1:{self.log.port}", PORT=self.port,
                         GONE_PORT=self.gone_port)

    def connect(self):
        return Client(self.proxy.host, self.port)


@pytest.fixture
def twins(stage, proxy, oracle):
    return Twin(stage, proxy), Twin(stage, oracle)


def app_answer(request, sock):
    if request.target == "/missing":
        return reply(404, "no such page", reason="Not Found")
    if request.target == "/cut":
        return False
    if request.target == "/late":
        wait_until(lambda: sock.recv(1) == b"", 10)
        return False
    return reply(200, "OK", method=request.method)


def masked(line):
    """Facility, severity and text without dates, client ports, times and internal sizes."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", line.text)
    text = re.sub(r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\]", "[DATE]", text)
    # The five (http) or three (tcp) timers: a number stays apart from -1.
    text = re.sub(r" (?:\+?-?\d+/){2,4}\+?-?\d+ ", lambda timers: times(timers[0]), text, count=1)
    # HAProxy counts its internal form of a message, we count what went over the wire.
    text = re.sub(r"(T(?:/T|/-1)*(?: \S+)?) \d+ (-|\S\S)", r"\1 SIZE \2", text, count=1)
    return line.facility, line.severity, text


def times(fields):
    return re.sub(r"(?<![-\d])\d+", "T", fields)


HTTP_TRAFFIC = {
    "a page": "GET /page HTTP/1.1\r\nHost: a\r\n",
    "a query": "GET /page?a=b&c=%20d HTTP/1.1\r\nHost: a\r\n",
    "a post": "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n",
    "a head": "HEAD /page HTTP/1.1\r\nHost: a\r\n",
    "http 1.0": "GET /old HTTP/1.0\r\nHost: a\r\n",
    "an absolute target": "GET http://a/page HTTP/1.1\r\nHost: a\r\n",
    "a missing page": "GET /missing HTTP/1.1\r\nHost: a\r\n",
    "a denied page": "GET /denied HTTP/1.1\r\nHost: a\r\n",
    "a redirect": "GET /moved HTTP/1.1\r\nHost: a\r\n",
    "a backend without servers": "GET /nobody HTTP/1.1\r\nHost: a\r\n",
    "a server that refuses": "GET /refused HTTP/1.1\r\nHost: a\r\n",
    "a server that closes": "POST /cut HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n",
    "a server that is late": "GET /late HTTP/1.1\r\nHost: a\r\n",
    "a bad request": "GET /bad HTTP/1.1\r\nHost : a\r\n",
    "a quote in the target": 'GET /a"b HTTP/1.1\r\nHost: a\r\n',
}


@pytest.fixture
def http_twins(stage, twins, request):
    options = getattr(request, "param", "option httplog")
    text = HTTP.format(options=options, closed=stage.port(),
                       server=f"127.0.0.1:{stage.web('app1', app_answer).port}")
    for twin in twins:
        twin.start(text)
    return twins


def lines_of(twin, count):
    wait_until(lambda: len(twin.log.lines) >= count, 10,
               lambda: f"{count} lines; got:\n{twin.log.text()}")
    return [masked(line) for line in twin.log.lines]


@pytest.mark.parametrize("traffic", HTTP_TRAFFIC, ids=lambda traffic: traffic.replace(" ", "-"))
def test_httplog_of(traffic, http_twins):
    lines = []
    for twin in http_twins:
        with twin.connect() as client:
            client.send(HTTP_TRAFFIC[traffic] + "Connection: close\r\n\r\n").rest()
        lines.append(lines_of(twin, 1))
    assert lines[0] == lines[1]
    assert len(lines[0]) == 1


@pytest.mark.parametrize("http_twins", ["", "option tcplog"], indirect=True,
                         ids=["default-format", "tcplog-in-http"])
def test_other_formats_in_http_mode(http_twins):
    lines = []
    for twin in http_twins:
        with twin.connect() as client:
            client.send("GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").rest()
        lines.append(lines_of(twin, 1))
    assert lines[0] == lines[1]


def test_each_request_of_a_connection_has_its_line(http_twins):
    lines = []
    for twin in http_twins:
        with twin.connect() as client:
            assert [client.get(path).status for path in ("/1", "/2", "/3")] == [200] * 3
        lines.append(lines_of(twin, 3))
    assert lines[0] == lines[1]
    assert len(lines[0]) == 3


def test_a_client_that_leaves_before_the_answer(http_twins):
    lines = []
    for twin in http_twins:
        with twin.connect() as client:
            client.request("/late")
            wait_until(lambda t=twin: scur(t) == 1, what="the request at the server")
            client.reset()
        lines.append(lines_of(twin, 1))
    assert lines[0] == lines[1]


def connections(twin):
    """Of the frontend: how many there were, how many there are."""
    row = twin.proxy.runtime.stat()["web", "FRONTEND"]
    return int(row["conn_tot"]), int(row["scur"])


def scur(twin):
    return int(twin.proxy.runtime.server("app", "app1")["scur"])


@pytest.mark.parametrize("http_twins", ["option httplog", "option httplog\n    option dontlognull"],
                         indirect=True, ids=["logged", "dontlognull"])
def test_a_connection_without_a_request(http_twins):
    lines = []
    for twin in http_twins:
        twin.connect().close()
        wait_until(lambda t=twin: connections(t) == (1, 0), what="the connection counted and gone")
        with twin.connect() as client:
            assert client.get("/marker").status == 200
        wait_until(lambda t=twin: t.log.matching("/marker"), what="the marker's line")
        lines.append([masked(line) for line in twin.log.lines])
    assert lines[0] == lines[1]


@pytest.mark.parametrize("http_twins", ["option httplog\n    option dontlog-normal"], indirect=True,
                         ids=["dontlog-normal"])
def test_dontlog_normal_keeps_errors_only(http_twins):
    lines = []
    for twin in http_twins:
        for path in ("/page", "/refused", "/missing", "/moved", "/page", "/nobody", "/denied"):
            get(twin.proxy.host, twin.port, path)
        wait_until(lambda t=twin: t.log.matching("/denied"), what="the last error's line")
        lines.append([masked(line) for line in twin.log.lines])
    assert lines[0] == lines[1]
    assert not [line for line in lines[0] if "/page" in line[2]]


TIMES = """
global
    log "${{SYSLOG_ADDR}}" local3
    nbthread 1
defaults
    mode http
    log global
    log-format "times Th=%Th Ti=%Ti TR=%TR Tq=%Tq Ta=%Ta Tu=%Tu Tt=%Tt"
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind "127.0.0.1:${{PORT}}" ssl crt {certs}/site.pem alpn h2,http/1.1
    default_backend app
backend app
    server app1 {server}
"""

IDLE_MS = 30
# What a log says of it at least: clocks are read by turns of a loop, and cut to milliseconds.
LOGGED_IDLE_MS = IDLE_MS - 5


def stay_idle(sock):
    """The peer has nothing to say meanwhile."""
    sock.settimeout(IDLE_MS / 1000)
    with pytest.raises(TimeoutError):
        sock.recv(1)
    sock.settimeout(5)


@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
def test_times_add_up_over_tls(stage, twins, protocol):
    """HAProxy configuration manual, section 8.4: what counts from when, of each request."""
    server = f"127.0.0.1:{stage.web('app1', app_answer).port}"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    for twin in twins:
        twin.start(TIMES.format(certs=ROOT / "tests" / "testing" / "certs", server=server))
        raw = socket.create_connection((twin.proxy.host, twin.port))
        stay_idle(raw)
        with context.wrap_socket(raw) as connection:
            frames = Frames(connection)
            if protocol == "h2":
                frames.send(PREFACE + settings((HEADER_TABLE_SIZE, 0)))
                frames.until(lambda f: f.kind == SETTINGS and f.flags & ACK)
            for number in range(3):
                if number != 1:
                    stay_idle(connection)
                if protocol == "h2":
                    frames.send(h2_get(2 * number + 1))
                    frames.until(lambda f: f.ends)
                else:
                    connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                    assert connection.recv(4096).startswith(b"HTTP/1.1 200")
                twin.log.wait_for("^times", count=number + 1)
        lines = [{name: int(value) for name, value in re.findall(r"(T\w)=(-?\d+)", line.text)}
                 for line in twin.log.matching("^times")]
        for line in lines:
            assert line["Tq"] == line["Th"] + line["Ti"] + line["TR"], line
            assert line["Tu"] == line["Tt"] - line["Ti"], line
            assert line["Ta"] == line["Tu"] - line["Th"] >= 0, line
        first, second, third = lines
        assert first["Th"] >= LOGGED_IDLE_MS and first["Ti"] >= LOGGED_IDLE_MS, first
        assert second["Th"] == third["Th"] == 0, lines
        assert third["Ti"] >= LOGGED_IDLE_MS, third


@pytest.fixture
def tcp_twins(stage, twins, request):
    options = getattr(request, "param", "option tcplog")
    text = TCP.format(options=options, closed=stage.port(),
                      server=f"127.0.0.1:{stage.echo('s1').port}")
    for twin in twins:
        twin.start(text)
    return twins


def a_session(twin):
    with twin.connect() as client:
        client.send(b"hello").finish_sending().rest()


def a_refused_server(twin):
    with Client(twin.proxy.host, twin.gone_port) as client:
        client.rest()


def a_client_that_resets(twin):
    client = twin.connect()
    client.reader.until(b"\n")
    client.reset()


@pytest.mark.parametrize("traffic", [a_session, a_refused_server, a_client_that_resets])
def test_tcplog_of(traffic, tcp_twins):
    lines = []
    for twin in tcp_twins:
        traffic(twin)
        lines.append(lines_of(twin, 1))
    assert lines[0] == lines[1]


@pytest.mark.parametrize("tcp_twins", [""], indirect=True, ids=["default-format"])
def test_default_format_in_tcp_mode(tcp_twins):
    lines = []
    for twin in tcp_twins:
        a_session(twin)
        lines.append(lines_of(twin, 1))
    assert lines[0] == lines[1]


@pytest.fixture
def state_twins(stage, twins, request):
    app1, app2 = stage.web("app1"), stage.web("app2")
    text = STATES.format(options=getattr(request, "param", ""), app1=f"127.0.0.1:{app1.port}",
                         app2=f"127.0.0.1:{app2.port}")
    for twin in twins:
        twin.start(text)
        twin.app1, twin.app2 = app1, app2
        settled(twin.proxy, {("app", "app1"): "UP", ("app", "app2"): "UP"})
    return twins


STATE_LINE = r"^(Server|Backup Server|backend|proxy|Health check) "


def state_lines(twin, last, count=1):
    """State-change lines, without durations, once `count` of them match `last`."""
    twin.log.wait_for(last, count=count)
    lines = [line for line in twin.log.lines if re.search(STATE_LINE, line.text)]
    return [(line.facility, line.severity, re.sub(r"\d+ms", "MS", line.text)) for line in lines]


def test_operator_changes_are_logged_alike(state_twins):
    lines = []
    for twin in state_twins:
        for command in ("set server app/app1 state drain", "set server app/app1 state ready",
                        "set server app/app2 state maint", "set server app/app1 state maint",
                        "set server pool/only state maint", "set server pool/only state ready",
                        "set server pool/only state drain"):
            assert twin.proxy.runtime.ask(command) == "\n"
        lines.append(state_lines(twin, "proxy pool has no server available", count=2))
    assert lines[0] == lines[1]


def test_failed_checks_are_logged_alike(state_twins):
    app1, app2 = state_twins[0].app1, state_twins[0].app2
    app1.stop()
    for twin in state_twins:
        twin.log.wait_for("Server app/app1 is DOWN")
    app2.is_healthy = False
    for twin in state_twins:
        twin.log.wait_for("backend app has no server available!")
    app1.start()
    for twin in state_twins:
        twin.log.wait_for("Server app/app1 is UP")
    app2.is_healthy = True
    lines = [state_lines(twin, "app/app2 is UP") for twin in state_twins]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("state_twins", ["option log-health-checks"], indirect=True,
                         ids=["log-health-checks"])
def test_health_check_results_are_logged_alike(state_twins):
    state_twins[0].app1.is_healthy = False
    for twin in state_twins:
        twin.log.wait_for("Server app/app1 is DOWN")
    state_twins[0].app1.is_healthy = True
    lines = [state_lines(twin, "app/app1 is UP") for twin in state_twins]
    assert [line for line in lines[0] if "app/app1" in line[2]] == \
        [line for line in lines[1] if "app/app1" in line[2]]


def test_lines_carry_the_programs_own_pid_and_facility(http_twins):
    for twin in http_twins:
        get(twin.proxy.host, twin.port, "/page")
        line = twin.log.wait_for("/page")
        assert line.pid == twin.proxy.process.pid
        assert line.facility == "local3"
        assert twin.log.malformed == []
