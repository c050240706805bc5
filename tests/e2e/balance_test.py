"""Which server gets a request: balancing, weights, backups, and pools of connections."""

from collections import Counter

import pytest

from harness.proxies import settled
from harness.servers import reply
from harness.wait import wait_until
from harness.wire import Client, get

CONFIG = """
global
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
    nbthread 2
defaults
    mode {mode}
    timeout connect 5s
    timeout client 10s
    timeout server 10s
listen pool
    bind "127.0.0.1:{port}"
    {balance}
    {servers}
"""


@pytest.fixture
def port(stage):
    return stage.port()


@pytest.fixture
def pool(stage, proxy, port):
    """Starts a pool of web servers s1, s2, ... with these words behind each address."""
    def start(balance, *words, mode="http"):
        servers = [stage.web(f"s{i}") for i in range(1, len(words) + 1)]
        lines = "\n    ".join(f"server {server.name} {proxy.at(server)} {more}"
                              for server, more in zip(servers, words))
        proxy.start(CONFIG.format(mode=mode, port=port, balance=balance, servers=lines))
        return servers
    return start


def names(proxy, port, count):
    """The servers of `count` requests, each on a connection of its own."""
    return [get(proxy.host, port).text.split()[1] for _ in range(count)]


@pytest.mark.parametrize("balance", ["balance roundrobin", "balance static-rr", ""])
def test_round_robin_is_exact_over_connections(balance, pool, proxy, port):
    pool(balance, "", "", "")
    assert names(proxy, port, 9) == ["s1", "s2", "s3"] * 3


def test_round_robin_follows_the_weights(pool, proxy, port):
    pool("balance roundrobin", "weight 1", "weight 2", "weight 5")
    assert Counter(names(proxy, port, 80)) == {"s1": 10, "s2": 20, "s3": 50}


def test_a_weight_of_zero_gets_nothing(pool, proxy, port):
    pool("balance roundrobin", "weight 0", "")
    assert set(names(proxy, port, 6)) == {"s2"}


def test_a_weight_changed_while_running_counts_at_once(pool, proxy, port):
    pool("balance roundrobin", "weight 10", "weight 10")
    proxy.runtime.ask("set server pool/s1 weight 30")
    assert Counter(names(proxy, port, 40)) == {"s1": 30, "s2": 10}


def test_a_server_that_comes_up_is_warmed_up(pool, proxy, port):
    pool("balance roundrobin", "slowstart 4s", "")
    assert Counter(names(proxy, port, 40)) == {"s1": 20, "s2": 20}
    proxy.runtime.ask("set server pool/s1 state maint")
    assert set(names(proxy, port, 10)) == {"s2"}
    proxy.runtime.ask("set server pool/s1 state ready")
    assert Counter(names(proxy, port, 40))["s1"] < 10
    wait_until(lambda: Counter(names(proxy, port, 40))["s1"] == 20, timeout=10, interval=0.2)


def test_leastconn_prefers_the_server_with_fewer_connections(pool, proxy, port, stage):
    pool("balance leastconn", "", "", mode="tcp")
    held = stage.client(proxy.host, port)
    busy = held.get("/").text.split()[1]
    idle = {"s1": "s2", "s2": "s1"}[busy]
    for _ in range(4):
        # A session that ends is counted until both of its sides have closed.
        wait_until(lambda: proxy.runtime.server("pool", idle)["scur"] == "0", what="an idle server")
        assert names(proxy, port, 1) == [idle]


def test_first_fills_one_server_before_the_next(pool, proxy, port, stage):
    pool("balance first", "maxconn 2", "maxconn 2", mode="tcp")
    taken = [stage.client(proxy.host, port).get("/").text.split()[1] for _ in range(4)]
    assert taken == ["s1", "s1", "s2", "s2"]


def test_random_uses_every_server(pool, proxy, port):
    pool("balance random", "", "", "")
    assert set(names(proxy, port, 60)) == {"s1", "s2", "s3"}


def test_a_backup_serves_only_when_the_others_are_out(pool, proxy, port):
    pool("balance roundrobin", "", "backup", "backup")
    assert set(names(proxy, port, 4)) == {"s1"}
    proxy.runtime.ask("set server pool/s1 state maint")
    assert set(names(proxy, port, 4)) == {"s2"}


def test_allbackups_uses_all_of_them(pool, proxy, port):
    pool("balance roundrobin\n    option allbackups", "", "backup", "backup")
    proxy.runtime.ask("set server pool/s1 state maint")
    assert Counter(names(proxy, port, 6)) == {"s2": 3, "s3": 3}


def test_a_disabled_server_gets_nothing_until_it_is_enabled(pool, proxy, port):
    pool("balance roundrobin", "", "disabled")
    assert set(names(proxy, port, 4)) == {"s1"}
    assert proxy.runtime.status("pool", "s2") == "MAINT"
    proxy.runtime.ask("enable server pool/s2")
    assert set(names(proxy, port, 4)) == {"s1", "s2"}


def test_a_draining_server_keeps_its_sessions_and_gets_no_new_ones(pool, proxy, port, stage):
    pool("balance roundrobin", "", "", mode="tcp")
    held = [stage.client(proxy.host, port) for _ in range(2)]
    first = {client.get("/").text.split()[1]: client for client in held}
    proxy.runtime.ask("set server pool/s1 state drain")
    assert set(names(proxy, port, 4)) == {"s2"}
    assert first["s1"].get("/").text == "OK s1\n"


def test_server_connections_are_reused_between_requests_and_clients(pool, proxy, port):
    server, = pool("balance roundrobin", "")
    with Client(proxy.host, port) as client:
        assert [client.get("/").status for _ in range(20)] == [200] * 20
    # http-reuse safe: the first request of a client may take a connection of its own.
    assert server.accepted <= 2


def test_an_idle_server_connection_that_was_closed_costs_no_request(pool, proxy, port):
    server, = pool("balance roundrobin", "")
    server.answer = lambda *_: reply(200, "OK s1\n")
    with Client(proxy.host, port) as client:
        for _ in range(5):
            assert client.get("/").text == "OK s1\n"
            server.stop()
            wait_until(lambda: server.open_connections == 0, what="closed idle connections")
            server.start()


def test_marked_down_with_shutdown_sessions_ends_them(stage, proxy, port):
    server, other = stage.echo("s1"), stage.echo("s2")
    watched = stage.web("s1check")
    proxy.start(CONFIG.format(
        mode="tcp", port=port, balance="balance roundrobin\n    option httpchk GET /check",
        servers=f"server s1 {proxy.at(server)} check addr 127.0.0.1 port {watched.port} inter 100ms "
                f"fall 1 on-marked-down shutdown-sessions\n    server s2 {proxy.at(other)}"))
    settled(proxy, {("pool", "s1"): "UP"})
    clients = [stage.client(proxy.host, port) for _ in range(2)]
    of_server = {client.reader.until(b"\n"): client for client in clients}
    assert set(of_server) == {b"s1", b"s2"}
    watched.stop()
    assert of_server[b"s1"].is_closed_by_peer()
    assert of_server[b"s2"].is_open()
