"""The runtime socket's replies, byte for byte those of HAProxy on the same file."""

import re
from types import SimpleNamespace

import pytest

from harness.proxies import settled
from harness.runtime import RuntimeSocket, read_all, read_until
from harness.wait import wait_until
from harness.wire import Client, get

CONFIG = """
global
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
    stats socket "${{RUN_DIR}}/operator.sock" mode 600 level operator
    stats socket "${{RUN_DIR}}/user.sock" mode 600 level user
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind "127.0.0.1:${{PORT}}"
    default_backend app
backend app
    balance roundrobin
    server s1 {s1} weight 10
    server s2 {s2} weight 20 backup
    server s3 {s3} check inter 100ms
    server s4 {s1} disabled
listen tcp-pool
    mode tcp
    bind "127.0.0.1:${{TCP_PORT}}"
    balance leastconn
    server t1 {s1} maxconn 5
backend empty
"""


@pytest.fixture
def twins(stage, proxy, oracle):
    """The proxy under test and HAProxy, on the same file, with the same servers behind."""
    servers = {name: stage.web(name) for name in ("s1", "s2", "s3")}
    text = CONFIG.format(**{name: proxy.at(server) for name, server in servers.items()})
    for twin in (proxy, oracle):
        twin.port, twin.tcp_port = stage.port(), stage.port()
        twin.start(text, ports=[], PORT=twin.port, TCP_PORT=twin.tcp_port)
        twin.wait_listening([twin.port, twin.tcp_port])
        settled(twin, {("app", "s3"): "UP"})
        wait_until(lambda t=twin: t.runtime.check_status("app", "s3") == "L4OK",
                   what="a passed check")
    return SimpleNamespace(ours=proxy, theirs=oracle, servers=servers)


def both_say(twins, commands, socket_name="stats.sock", mask=lambda reply: reply):
    """Asks both the same commands in turn; fails with the first difference."""
    def transcript(proxy):
        runtime = RuntimeSocket(proxy.directory / socket_name)
        return [(command, mask(runtime.ask(command))) for command in commands]
    assert transcript(twins.ours) == transcript(twins.theirs)


DIALOGUES = {
    "server states": [
        "set server app/s1 state maint", "set server app/s1 state ready",
        "set server app/s1 state drain", "set server app/s1 state ready",
        "set server app/s1 state foo", "set server app/s1 state",
        "disable server app/s1", "enable server app/s1", "enable server app/s4",
    ],
    "unknown names": [
        "set server nope/s1 state maint", "set server app/nope state maint",
        "set server", "set server app", "set server app/s1", "set server app/s1 foo 1",
        "get weight", "get weight app", "get weight nope/s1", "get weight app/nope",
        "set weight", "set weight app/s1", "set weight nope/s1 7", "set weight app/nope 1",
        "disable server", "disable server app", "disable server nope/s1", "disable server app/nope",
        "enable server app/nope", "shutdown sessions server", "shutdown sessions server app/nope",
        "shutdown sessions server nope/s1", "show servers state nope", "show servers conn nope",
        "show stat nope 4 -1", "show sess 0x123",
    ],
    "weights": [
        "get weight app/s1", "set weight app/s1 7", "get weight app/s1",
        "set weight app/s1 50%", "get weight app/s1", "set server app/s1 weight 200%",
        "get weight app/s1", "set server app/s1 weight 500", "set server app/s1 weight -1",
        "set server app/s1 weight abc", "set weight app/s1 0", "get weight app/s1",
        "set weight app/s1 300", "get weight app/s1", "set weight app/s1 100%",
        "get weight app/s1", "get weight app/s2",
    ],
    "addresses": [
        "set server app/s1 addr 127.0.0.2", "set server app/s1 addr 127.0.0.2",
        "set server app/s1 addr 127.0.0.2 port 81", "set server app/s1 addr 127.0.0.3 port 82",
        "set server app/s1 addr 127.0.0.3 port 82", "set server app/s1 addr",
        "set server app/s1 addr not-an-address!",
    ],
    "health": ["set server app/s1 health up", "set server app/s3 health stopping",
               "set server app/s3 health up"],
    "lists": ["show backend", "show servers state tcp-pool", "show servers state empty"],
    "counters": ["clear counters", "clear counters all"],
    "several in one line": [
        "get weight app/s1;get weight app/s2", "get weight app/s1 ; get weight nope/x;show backend",
        "set server app/s1 state drain; get weight app/s1; set server app/s1 state ready",
    ],
    "sessions of a server": ["shutdown sessions server app/s1"],
}


@pytest.mark.parametrize("topic", DIALOGUES, ids=lambda topic: topic.replace(" ", "-"))
def test_replies_about(topic, twins):
    both_say(twins, DIALOGUES[topic], mask=without_ages)


def without_ages(reply):
    """Masks srv_time_since_last_change in `show servers state`."""
    return re.sub(r"(?m)^((?:\S+ ){9})\d+ ", r"\1AGE ", reply)


@pytest.mark.parametrize("command", ["foo", "show foo", "set", "shutdown", "help foo", "enable"])
def test_an_unknown_command_gets_help(command, twins):
    """HAProxy lists its own commands; the first line and the last three are the same."""
    def frame(reply):
        lines = reply.split("\n")
        return lines[0], lines[-5:]
    both_say(twins, [command], mask=frame)


def test_show_servers_state_has_the_same_columns_and_values(twins):
    for proxy in (twins.ours, twins.theirs):
        proxy.runtime.ask("set server app/s1 state drain")
        proxy.runtime.ask("set server app/s2 weight 7")
        proxy.runtime.ask("set server tcp-pool/t1 state maint")
    both_say(twins, ["show servers state", "show servers state app"], mask=without_ages)


def test_show_servers_conn_has_the_same_columns(twins):
    both_say(twins, ["show servers conn", "show servers conn app"],
             mask=lambda reply: [line.split(" ")[:5] for line in reply.splitlines()])


def test_show_stat_has_the_same_fields_in_the_same_order(twins):
    # One column at the end is ours.
    both_say(twins, ["show stat"],
             mask=lambda reply: reply.splitlines()[0].removesuffix("h2_glitches,"))
    both_say(twins, ["show stat"],
             mask=lambda reply: [line.split(",")[:2] for line in reply.splitlines()])


# What must be equal after equal traffic. Not here: sizes, times, rates, limits that derive from each
# process's descriptors, what counts internals, and "chkdown", which we do not count for backends.
SAME_AFTER_TRAFFIC = """pxname svname qcur qmax scur stot dreq dresp ereq econ eresp wretr wredis
    status weight act bck chkfail pid iid sid lbtot type check_status hrsp_1xx hrsp_2xx
    hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other req_tot cli_abrt srv_abrt check_rise check_fall check_health
    check_desc addr mode algo intercepted uweight""".split()


def test_show_stat_counts_the_same_after_the_same_traffic(twins):
    for proxy in (twins.ours, twins.theirs):
        with Client(proxy.host, proxy.port) as client:
            # One whole turn of the weights, 10 and 1: within it the orders may differ.
            for _ in range(11):
                assert client.get("/").status == 200
        for _ in range(3):
            assert get(proxy.host, proxy.tcp_port).status == 200
        with Client(proxy.host, proxy.port) as client:
            assert client.send("bad\r\n\r\n").response().status == 400

    def counted(proxy):
        rows = proxy.runtime.stat()
        # The mark of a check that runs just now comes and goes.
        return {key: {name: row[name].removeprefix("* ") for name in SAME_AFTER_TRAFFIC}
                for key, row in rows.items()}
    wait_until(lambda: all(counted(proxy)["tcp-pool", "t1"]["scur"] == "0"
                           for proxy in (twins.ours, twins.theirs)), what="sessions at rest")
    ours, theirs = counted(twins.ours), counted(twins.theirs)
    differing = {(key, name): (ours[key][name], theirs[key][name])
                 for key in theirs for name in SAME_AFTER_TRAFFIC
                 if ours[key][name] != theirs[key][name]}
    assert differing == {}, "(ours, HAProxy's)"


def test_show_stat_filters_by_proxy_type_and_server(twins):
    both_say(twins, ["show stat app 4 -1", "show stat -1 1 -1", "show stat -1 2 -1", "show stat app 4 2"],
             mask=lambda reply: [line.split(",")[:2] for line in reply.splitlines()])


def test_show_info_has_the_same_keys_in_the_same_order(twins):
    both_say(twins, ["show info"],
             mask=lambda reply: [line.split(":")[0] for line in reply.splitlines()])


@pytest.mark.parametrize("level", ["operator", "user"])
def test_levels_permit_the_same(level, twins):
    both_say(twins, ["set server app/s1 state maint", "disable server app/s1", "get weight app/s1",
                     "set weight app/s1 3", "clear counters all", "shutdown sessions server app/s1",
                     "show backend"], socket_name=f"{level}.sock")


def test_prompt_mode_keeps_the_connection_and_frames_replies(twins):
    def transcript(proxy):
        got = []
        with proxy.runtime.dialogue() as connection:
            for line in ("prompt", "show backend", "get weight app/s1", "set server app/s1 state drain",
                         "get weight nope/s1", "set server app/s1 state ready;get weight app/s2"):
                connection.sendall(line.encode() + b"\n")
                # A prompt follows every command of the line.
                prompts = len(line.split(";"))
                got.append((line, read_until(connection, b"\n> ", prompts)))
            connection.sendall(b"quit\n")
            got.append(("quit", read_all(connection)))
        return got
    assert transcript(twins.ours) == transcript(twins.theirs)


def test_without_prompt_the_connection_ends_after_one_line(twins):
    def transcript(proxy):
        with proxy.runtime.dialogue() as connection:
            connection.sendall(b"get weight app/s1\n")
            return read_all(connection)
    assert transcript(twins.ours) == transcript(twins.theirs)


def test_a_change_takes_effect_on_traffic(twins):
    for proxy in (twins.ours, twins.theirs):
        proxy.runtime.ask("set server app/s1 state maint")
        bodies = {get(proxy.host, proxy.port).text for _ in range(6)}
        assert bodies == {"OK s3\n"}
        proxy.runtime.ask("set server app/s3 state drain; set server app/s1 state ready")
        bodies = {get(proxy.host, proxy.port).text for _ in range(6)}
        assert bodies == {"OK s1\n"}


def test_shutdown_sessions_server_ends_them(twins):
    for proxy in (twins.ours, twins.theirs):
        with Client(proxy.host, proxy.tcp_port) as client:
            assert client.get("/").status == 200
            assert proxy.runtime.ask("shutdown sessions server tcp-pool/t1") == "\n"
            assert client.is_closed_by_peer()
