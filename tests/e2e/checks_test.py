"""Health checks: what they send, what they take for an answer, and what follows from it."""

import os
import time

import pytest

from harness.proxies import settled
from harness.servers import reply
from harness.wait import stays, wait_until
from harness.wire import get

CONFIG = """
global
    log "${{SYSLOG_ADDR}}" local0
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
    external-check
    insecure-fork-wanted
    nbthread 2
defaults
    mode http
    log global
    timeout connect 2s
    timeout client 10s
    timeout server 10s
    timeout queue 5s
    timeout check {timeout_check}
listen pool
    bind "127.0.0.1:{port}"
    {checks}
    {servers}
"""


@pytest.fixture
def port(stage):
    return stage.port()


@pytest.fixture
def checked(stage, proxy, port):
    """Starts a pool with these check lines and these server lines."""
    assert stage.syslog

    def start(checks, *servers, timeout_check="2s"):
        proxy.start(CONFIG.format(port=port, checks=checks, servers="\n    ".join(servers),
                                  timeout_check=timeout_check))
    return start


def check_status(proxy, server="s1"):
    return proxy.runtime.check_status("pool", server)


# Verdicts of HTTP checks: what is expected, the server's reply to the check, state, check_status.
HTTP_VERDICTS = [
    ("", reply(200), "UP", "L7OK"),
    ("", reply(302), "UP", "L7OK"),
    ("", reply(404), "DOWN", "L7STS"),
    ("", reply(500), "DOWN", "L7STS"),
    ("status 404", reply(404), "UP", "L7OK"),
    ("status 404", reply(200), "DOWN", "L7STS"),
    ("! status 500", reply(404), "UP", "L7OK"),
    ("rstatus ^[23]", reply(301), "UP", "L7OK"),
    ("rstatus ^[23]", reply(503), "DOWN", "L7STS"),
    ("string fine", reply(200, "all fine"), "UP", "L7OK"),
    ("string fine", reply(200, "bad"), "DOWN", "L7RSP"),
    ("! string bad", reply(200, "bad"), "DOWN", "L7RSP"),
    ("rstring ^a.*d$", reply(200, "abcd"), "UP", "L7OK"),
    ("", b"nonsense\r\n\r\n", "DOWN", "L7RSP"),
]


@pytest.mark.parametrize("expected, answer, state, status", HTTP_VERDICTS,
                         ids=[f"{row[0] or 'default'}-{row[1][9:12].decode()}".replace(" ", "-")
                              for row in HTTP_VERDICTS])
def test_http_check_verdict(expected, answer, state, status, checked, stage, proxy):
    server = stage.recorder("s1", answer)

    def answer_and_close(sock):
        if sock.recv(65536):
            sock.sendall(answer)
    server.serve = answer_and_close
    checked("option httpchk GET /x" + (f"\n    http-check expect {expected}" if expected else ""),
            f"server s1 {proxy.at(server)} check inter 100ms fall 1 rise 1")
    wait_until(lambda: check_status(proxy) == status and
               proxy.runtime.status("pool", "s1") == state, 5,
               lambda: f"{state} {status}; seen {proxy.runtime.server('pool', 's1')}")


# What an HTTP check sends, on HAProxy as on ours.
HTTP_REQUESTS = [
    ("option httpchk", b"OPTIONS / HTTP/1.0\r\n"),
    ("option httpchk /x", b"OPTIONS /x HTTP/1.0\r\n"),
    ("option httpchk GET /x", b"GET /x HTTP/1.0\r\n"),
    ("option httpchk HEAD /x HTTP/1.1", b"HEAD /x HTTP/1.1\r\n"),
]


@pytest.mark.parametrize("checks, start", HTTP_REQUESTS, ids=[row[1].decode().strip()
                                                              for row in HTTP_REQUESTS])
def test_http_check_request(checks, start, checked, stage, proxy):
    server = stage.recorder("s1", reply(200))
    checked(checks, f"server s1 {proxy.at(server)} check inter 100ms")
    wait_until(lambda: server.received, what="a check")
    assert server.received[0].startswith(start)


def test_tcp_check_sees_a_listener_come_and_go(checked, stage, proxy):
    server = stage.web("s1")
    checked("", f"server s1 {proxy.at(server)} check inter 100ms fall 2 rise 2")
    wait_until(lambda: check_status(proxy) == "L4OK", what="a passed check")
    server.stop()
    settled(proxy, {("pool", "s1"): "DOWN"})
    assert check_status(proxy) == "L4CON"
    server.start()
    settled(proxy, {("pool", "s1"): "UP"})


def test_a_server_that_does_not_answer_its_check_is_down_by_timeout(checked, stage, proxy):
    server = stage.recorder("mute")
    checked("option httpchk GET /x", f"server s1 {proxy.at(server)} check inter 200ms fall 1",
            timeout_check="200ms")
    settled(proxy, {("pool", "s1"): "DOWN"})
    assert check_status(proxy) == "L7TOUT"


def test_checks_go_to_another_address_and_port_when_told(checked, stage, proxy, port):
    server, elsewhere = stage.web("s1"), stage.web("elsewhere")
    elsewhere.is_healthy = False
    checked("option httpchk GET /check\n    http-check expect string OK",
            f"server s1 {proxy.at(server)} check addr 127.0.0.1 port {elsewhere.port} inter 100ms fall 1")
    settled(proxy, {("pool", "s1"): "DOWN"})
    assert elsewhere.checks and not server.checks


def test_fall_and_rise_count_consecutive_verdicts(checked, stage, proxy, syslog):
    server = stage.web("s1")
    checked("option httpchk GET /check\n    http-check expect string OK\n    option log-health-checks",
            f"server s1 {proxy.at(server)} check inter 100ms fall 3 rise 2")
    wait_until(lambda: server.checks, what="a check")
    server.is_healthy = False
    syslog.wait_for("Server pool/s1 is DOWN")
    server.is_healthy = True
    syslog.wait_for("Server pool/s1 is UP")
    verdicts = [("failed" in line.text, line.text.rsplit("status: ", 1)[1]) for line in
                syslog.matching("Health check for server pool/s1 (failed|succeeded)")]
    fall = [status for failed, status in verdicts if failed]
    assert fall == ["2/3 UP.", "1/3 UP.", "0/2 DOWN."]
    rise = [status for failed, status in verdicts if not failed][-2:]
    assert rise == ["1/2 DOWN.", "3/3 UP."]


def test_a_failing_server_with_a_short_interval_is_out_beside_slow_ones(checked, stage, proxy):
    quick, slow = stage.web("s1"), stage.web("s2")
    checked("", f"server s1 {proxy.at(quick)} check inter 100 rise 2 fall 5",
            f"server s2 {proxy.at(slow)} check inter 1h", f"server s3 {proxy.at(slow)} check inter 30s")
    wait_until(lambda: check_status(proxy) == "L4OK", what="a passed check")
    quick.stop()
    began = time.monotonic()
    settled(proxy, {("pool", "s1"): "DOWN"})
    assert time.monotonic() - began < 1.2


# External checks.

DUMP = """#!/bin/bash
here=$(dirname "$0")
{ echo "arguments=$*"; env | grep -E '^(HAPROXY_|PATH=)' | sort; } > "$here/dump.tmp"
mv "$here/dump.tmp" "$here/dump"
"""


def script(directory, name, text):
    path = directory / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_external_check_gets_haproxys_arguments_and_environment(stage, proxy, oracle):
    server = stage.web("s1")
    dumps = []
    for twin in (proxy, oracle):
        command = script(twin.directory, "check.sh", DUMP)
        port = stage.port()
        twin.start(CONFIG.format(
            port=port, timeout_check="2s",
            checks=f"option external-check\n    external-check path \"/usr/bin:/bin\"\n"
                   f"    external-check command {command}",
            servers=f"server s1 {proxy.at(server)} check inter 100ms maxconn 9"))
        dump = twin.directory / "dump"
        wait_until(dump.exists, what="a run of the script")
        dumps.append(dump.read_text().replace(str(port), "PORT"))
    assert dumps[0] == dumps[1]


def test_external_check_verdict_is_the_exit_code(checked, stage, proxy, syslog):
    verdict = proxy.directory / "verdict"
    verdict.write_text("0")
    command = script(proxy.directory, "check.sh", f'#!/bin/bash\nexit "$(cat {verdict})"\n')
    server = stage.web("s1")
    checked(f"option external-check\n    external-check path /usr/bin:/bin\n"
            f"    external-check command {command}",
            f"server s1 {proxy.at(server)} check inter 500ms fall 1 rise 1")
    wait_until(lambda: check_status(proxy) == "PROCOK", what="a passed external check")
    verdict.write_text("3")
    settled(proxy, {("pool", "s1"): "DOWN"})
    line = syslog.wait_for("Server pool/s1 is DOWN, reason: External check error, code: 3")
    assert check_status(proxy) == "PROCERR" and line.severity == "alert"
    verdict.write_text("0")
    settled(proxy, {("pool", "s1"): "UP"})


def test_an_external_check_that_hangs_is_killed_and_leaves_no_zombie(checked, stage, proxy):
    pids = proxy.directory / "pids"
    command = script(proxy.directory, "check.sh", f"#!/bin/bash\necho $$ >> {pids}\nexec /bin/sleep 600\n")
    server = stage.web("s1")
    checked(f"option external-check\n    external-check path /usr/bin:/bin\n"
            f"    external-check command {command}",
            f"server s1 {proxy.at(server)} check inter 300ms fall 1", timeout_check="300ms")
    settled(proxy, {("pool", "s1"): "DOWN"})
    assert check_status(proxy) == "PROCTOUT"
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) >= 3, what="three runs")
    first_two = pids.read_text().split()[:2]
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in first_two),
               what="the end of the first two, reaped")


@pytest.mark.kinds("lbd")
def test_the_children_of_a_hanging_external_check_are_killed_too(checked, stage, proxy):
    # HAProxy kills the script only.
    pid = proxy.directory / "pid"
    command = script(proxy.directory, "check.sh",
                     f"#!/bin/bash\n/bin/sleep 600 &\necho $! > {pid}\nwait\n")
    server = stage.web("s1")
    checked(f"option external-check\n    external-check path /usr/bin:/bin\n"
            f"    external-check command {command}",
            f"server s1 {proxy.at(server)} check inter 1h fall 1", timeout_check="300ms")
    settled(proxy, {("pool", "s1"): "DOWN"})
    wait_until(lambda: not runs(int(pid.read_text())), what="the end of the script's child")


def runs(pid):
    """True for a process that is neither gone nor a zombie."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


# The first verdict.

@pytest.mark.kinds("lbd")
def test_requests_wait_for_the_first_verdict_instead_of_failing(checked, stage, proxy, port):
    server = stage.web("s1")
    server.check_gate.clear()
    checked("option httpchk GET /check", f"server s1 {proxy.at(server)} check inter 100ms",
            timeout_check="8s")
    client = stage.client(proxy.host, port)
    client.request("/")
    assert stays(client.is_open, 0.5)
    assert server.requests == [], "traffic before the first verdict"
    server.check_gate.set()
    assert client.response().status == 200


@pytest.mark.kinds("lbd")
def test_a_server_whose_first_check_fails_never_gets_traffic(checked, stage, proxy, port):
    sick, well = stage.web("s1"), stage.web("s2")
    sick.is_healthy = False
    checked("option httpchk GET /check\n    http-check expect string OK",
            f"server s1 {proxy.at(sick)} check inter 5s fall 3",
            f"server s2 {proxy.at(well)} check inter 5s fall 3")
    assert {get(proxy.host, port).text for _ in range(6)} == {"OK s2\n"}
    assert sick.requests == []


@pytest.mark.kinds("lbd")
def test_init_state_up_takes_traffic_before_the_first_verdict(checked, stage, proxy, port):
    server = stage.web("s1")
    mute = stage.recorder("mute")
    checked("option httpchk GET /check",
            f"server s1 {proxy.at(server)} check addr 127.0.0.1 port {mute.port} inter 5s init-state up",
            timeout_check="5s")
    began = time.monotonic()
    assert get(proxy.host, port).status == 200
    assert time.monotonic() - began < 2
