"""Pushes without a restart: nothing is lost, nothing else is touched, and a refusal changes nothing."""

import re
import signal
import socket
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from harness.configs import Web
from harness.load import Load
from harness.proxies import settled
from harness.servers import reply
from harness.wait import wait_until
from harness.wire import Client, get

pytestmark = pytest.mark.kinds("lbd", "split")


@pytest.fixture
def site(stage, proxy):
    """Two servers behind one frontend, started."""
    site = SimpleNamespace(proxy=proxy, port=stage.port(), config=Web())
    site.servers = {name: stage.web(name) for name in ("s1", "s2", "s3")}
    site.config.frontend("web", site.port, "app")
    site.config.backend("app", {name: proxy.at(site.servers[name]) for name in ("s1", "s2")},
                        "balance roundrobin")
    proxy.start(site.config.text())
    return site


def push(site, *words):
    return site.proxy.apply(site.config.text(), *words)


def names(host, port, count):
    return [get(host, port).text.split()[1] for _ in range(count)]


def load_on_every_host(site, **options):
    stack = ExitStack()
    return stack, [stack.enter_context(Load(host, site.port, **options)) for host in site.proxy.hosts]


def test_servers_backends_and_binds_come_and_go_under_load_with_nothing_lost(site, stage):
    proxy, config, extra_port = site.proxy, site.config, stage.port()
    third = proxy.at(site.servers["s3"])
    stack, loads = load_on_every_host(site, clients=2)
    with stack:
        config.server("app", "s3", third)
        push(site)
        for load in loads:
            wait_until(lambda l=load: l.seen("OK s3"), what="traffic on the added server")
        config.remove_server("app", "s1")
        push(site)
        site.servers["s1"].requests.clear()
        config.backend("other", {"o1": third}).frontend("second", extra_port, "other")
        push(site)
        for host in proxy.hosts:
            assert get(host, extra_port).text == "OK s3\n"
        config.frontend("web", site.port, "app", "use_backend other if { path_beg /other }")
        push(site)
        del config.frontends["second"]
        push(site)
        for host in proxy.hosts:
            with pytest.raises(ConnectionRefusedError):
                get(host, extra_port)
        seen = [load.requests for load in loads]
        wait_until(lambda: all(load.requests > count + 50 for load, count in zip(loads, seen)),
                   what="traffic after the last push")
    for load in loads:
        assert load.failures == []
        assert load.connections == 2, "a push closed keep-alive connections"
    assert site.servers["s1"].requests == [], "traffic on the removed server"


def test_many_pushes_under_load_lose_nothing(site):
    stack, loads = load_on_every_host(site, clients=2)
    with stack:
        for number in range(10):
            site.config.server("app", "s2", f"{site.proxy.at(site.servers['s2'])} "
                                            f"weight {1 + number % 5}")
            push(site)
    for load in loads:
        assert load.requests > 0
        assert load.failures == []
        assert load.connections == 2


def test_an_added_listener_is_live_when_the_command_returns(site, stage):
    for _ in range(3):
        port = stage.port()
        site.config.frontend(f"extra{port}", port, "app")
        push(site)
        for host in site.proxy.hosts:
            assert get(host, port).status == 200


def test_a_removed_listener_lets_its_sessions_finish(site, stage):
    held, gate = [], stage.keep(SimpleGate())
    site.servers["s1"].answer = site.servers["s2"].answer = gate
    doomed = stage.port()
    site.config.frontend("doomed", doomed, "app")
    push(site)
    for host in site.proxy.hosts:
        client = stage.client(host, doomed)
        client.request("/slow")
        held.append(client)
    wait_until(lambda: gate.waiting == len(held), what="the requests at the servers")
    del site.config.frontends["doomed"]
    push(site)
    for host in site.proxy.hosts:
        with pytest.raises(ConnectionRefusedError):
            get(host, doomed)
    gate.open()
    for client in held:
        assert client.response().text == "late but whole"


class SimpleGate:
    """Holds every request until open()."""

    def __init__(self):
        self.waiting = 0
        self._is_open = False

    def __call__(self, *_):
        self.waiting += 1
        wait_until(lambda: self._is_open, 30)
        return reply(200, "late but whole")

    def open(self):
        self._is_open = True

    close = open


def test_a_push_keeps_counters_states_and_operator_changes(site):
    proxy = site.proxy
    for host in proxy.hosts:
        assert sorted(names(host, site.port, 4)) == ["s1", "s1", "s2", "s2"]
    assert proxy.runtime.ask("set server app/s1 state maint") == "\n"
    assert proxy.runtime.ask("set server app/s2 weight 7") == "\n"
    wait_until(lambda: int(proxy.runtime.server("app", "s2")["stot"]) == 2 * len(proxy.hosts),
               what="counters of every data plane")
    site.config.server("app", "s3", proxy.at(site.servers["s3"]))
    push(site)
    rows = proxy.runtime.stat()
    assert rows["app", "s1"]["status"] == "MAINT"
    assert rows["app", "s2"]["weight"] == "7"
    assert int(rows["app", "s2"]["stot"]) == 2 * len(proxy.hosts)
    for host in proxy.hosts:
        assert "s1" not in names(host, site.port, 8)


def test_a_push_keeps_the_queue(site, stage):
    gate = stage.keep(SimpleGate())
    site.servers["s1"].answer = gate
    site.config.remove_server("app", "s2").server("app", "s1",
                                                  f"{site.proxy.at(site.servers['s1'])} maxconn 1")
    push(site)
    clients = [stage.client(site.proxy.host, site.port) for _ in range(3)]
    for client in clients:
        client.request("/")
    wait_until(lambda: queued(site) == 2, what="two in the queue")
    site.config.backend("new", {"n1": site.proxy.at(site.servers["s3"])})
    push(site)
    assert queued(site) == 2
    gate.open()
    assert [client.response().status for client in clients] == [200] * 3


def queued(site):
    rows = site.proxy.runtime.stat()
    return int(rows["app", "s1"]["qcur"]) + int(rows["app", "BACKEND"]["qcur"])


def test_a_changed_address_takes_the_next_requests(site):
    site.config.remove_server("app", "s2")
    site.config.server("app", "s1", site.proxy.at(site.servers["s3"]))
    with Client(site.proxy.host, site.port) as client:
        assert client.get("/").status == 200
        push(site)
        assert client.get("/").text == "OK s3\n"
    for host in site.proxy.hosts:
        assert names(host, site.port, 2) == ["s3", "s3"]


def test_an_unchanged_file_makes_no_new_revision(site):
    before = site.proxy.lbctl.revisions()
    push(site)
    assert len(site.proxy.lbctl.revisions()) == len(before)


# Refusals.

def test_a_file_with_errors_changes_nothing_and_every_error_is_told(site):
    before = site.proxy.lbctl.revisions()
    text = site.config.server("app", "s3", site.proxy.at(site.servers["s3"])).text()
    text += "backend broken\n    blanace roundrobin\n    server x 127.0.0.1:99999\n"
    done = site.proxy.apply(text, check=False)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert len(re.findall(r"(?m)^\S*next\.cfg:\d+:\d+: ", said)) >= 2, said
    assert "balance" in said, "no suggestion for the misspelt keyword"
    assert current(site) == current_of(before)
    for host in site.proxy.hosts:
        assert set(names(host, site.port, 6)) == {"s1", "s2"}


def current(site):
    return current_of(site.proxy.lbctl.revisions())


def current_of(revisions):
    return [row["revision"] for row in revisions if row["is_current"]]


def test_a_port_in_use_on_one_data_plane_refuses_the_push_everywhere(site, stage):
    proxy, taken = site.proxy, stage.port()
    before = current(site)
    occupy(stage, proxy, taken)
    site.config.frontend("clash", taken, "app").server("app", "s3", proxy.at(site.servers["s3"]))
    done = proxy.apply(site.config.text(), check=False)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert str(taken) in said and "in use" in said.lower(), said
    if proxy.kind == "split":
        assert "node2" in said
    assert current(site) == before
    for index, host in enumerate(proxy.hosts):
        assert set(names(host, site.port, 6)) == {"s1", "s2"}
        if not (proxy.kind == "lbd" or index == 1):
            with pytest.raises(ConnectionRefusedError):
                get(host, taken)
    del site.config.frontends["clash"]
    push(site)
    for host in proxy.hosts:
        assert set(names(host, site.port, 6)) == {"s1", "s2", "s3"}


OCCUPY = "import socket, signal; s = socket.create_server(('0.0.0.0', {port})); signal.pause()"


def occupy(stage, proxy, port):
    """Listens on `port` where the (second) data plane would."""
    if proxy.kind == "lbd":
        stage.keep(socket.create_server(("0.0.0.0", port)))
        return
    squatter = stage.run("squatter", ["/usr/bin/python3", "-c", OCCUPY.format(port=port)],
                         netns=proxy.network.names[1])
    squatter.wait_ready(lambda: port in stage.listening(squatter))


# SIGHUP.

def test_sighup_reads_the_files_again_and_pushes(site, stage):
    port = stage.port()
    site.proxy.write(site.config.frontend("extra", port, "app").text())
    site.proxy.control.signal(signal.SIGHUP)
    site.proxy.wait_listening()
    for host in site.proxy.hosts:
        wait_until(lambda h=host: get(h, port).status == 200, what="the new listener")


def test_sighup_with_a_broken_file_changes_nothing(site):
    before = current(site)
    site.proxy.write(site.config.text() + "backend x\n    nonsense\n")
    site.proxy.control.signal(signal.SIGHUP)
    wait_until(lambda: "nonsense" in site.proxy.control.output(), what="the complaint in the log")
    assert current(site) == before
    for host in site.proxy.hosts:
        assert set(names(host, site.port, 6)) == {"s1", "s2"}


@pytest.mark.kinds("split")
def test_a_late_joiner_serves_what_was_pushed_before_it_came(site, stage):
    proxy = site.proxy
    proxy.dataplanes[2].stop()
    port = stage.port()
    site.config.frontend("extra", port, "app")
    push(site)
    assert proxy.runtime.ask("set server app/s1 state maint") == "\n"
    proxy.write(site.config.text())
    proxy.relaunch_dataplane(2)
    wait_until(lambda: set(names(proxy.hosts[2], port, 4)) == {"s2"}, what="the pushed state")
    settled(proxy, {("app", "s1"): "MAINT"})
