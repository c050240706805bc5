"""The control plane is gone or comes back: traffic goes on, and nothing acknowledged is lost."""

import signal
from types import SimpleNamespace

import pytest

from harness.configs import Web
from harness.load import Load
from harness.proxies import settled
from harness.wait import wait_until
from harness.wire import get


@pytest.fixture
def site(stage, proxy):
    """Two checked servers behind one frontend, up."""
    site = SimpleNamespace(proxy=proxy, port=stage.port(), config=Web())
    site.servers = {name: stage.web(name) for name in ("s1", "s2")}
    site.config.frontend("web", site.port, "app")
    site.config.backend("app", {name: f"{proxy.at(server)} check inter 200ms"
                                for name, server in site.servers.items()}, "balance roundrobin")
    proxy.start(site.config.text())
    settled(proxy, {("app", "s1"): "UP", ("app", "s2"): "UP"})
    return site


def names(host, port, count=4):
    return [get(host, port).text.split()[1] for _ in range(count)]


def restart_control(proxy):
    """Starts the control plane again (with lbd: all of it) and waits until it answers."""
    if proxy.kind == "lbd":
        proxy.launch()
        proxy.wait_listening()
    else:
        proxy.launch_control()
    wait_until(lambda: proxy.lbctl.run("show", "nodes").returncode == 0, 15, "an answer to lbctl")


@pytest.mark.kinds("split")
def test_data_planes_serve_without_the_control_plane(site):
    with Load(site.proxy.hosts[0], site.port, clients=2) as load:
        wait_until(lambda: load.requests > 20, what="traffic before")
        site.proxy.control.kill()
        seen = load.requests
        wait_until(lambda: load.requests > seen + 50, what="traffic after")
    assert load.failures == [] and load.connections == 2
    for host in site.proxy.hosts:
        assert sorted(names(host, site.port)) == ["s1", "s1", "s2", "s2"]


def saved_at(proxy, index):
    """When a data plane last wrote into its state directory."""
    folder = proxy.directory / f"node{index + 1}"
    return max(path.stat().st_mtime_ns for path in folder.iterdir())


@pytest.mark.kinds("split")
def test_a_data_plane_restarted_without_the_control_plane_serves_its_last_snapshot(site):
    proxy = site.proxy
    before = saved_at(proxy, 2)
    assert proxy.runtime.ask("set server app/s2 state maint") == "\n"
    # A state reaches the disk within about a second, not at once.
    wait_until(lambda: saved_at(proxy, 2) > before, 10, what="the saved state")
    proxy.control.kill()
    for index, end in enumerate(("stop", "stop", "kill")):
        getattr(proxy.dataplanes[index], end)()
        proxy.relaunch_dataplane(index)
        assert names(proxy.hosts[index], site.port) == ["s1"] * 4


@pytest.mark.kinds("split")
def test_a_returning_control_plane_takes_its_data_planes_back(site, stage):
    proxy = site.proxy
    proxy.control.kill()
    restart_control(proxy)
    wait_until(lambda: all_connected(proxy), 20, lambda: str(proxy.lbctl.nodes()))
    port = stage.port()
    site.config.frontend("extra", port, "app")
    proxy.apply(site.config.text())
    for host in proxy.hosts:
        assert get(host, port).status == 200


def all_connected(proxy):
    nodes = proxy.lbctl.nodes()
    return len(nodes) == len(proxy.hosts) and all(node["is_connected"] for node in nodes.values())


@pytest.mark.kinds("lbd", "split")
def test_kill_9_and_a_restart_keep_revisions_states_and_operator_changes(site, stage):
    proxy = site.proxy
    port = stage.port()
    site.config.frontend("extra", port, "app")
    proxy.apply(site.config.text(), "-m", "one more frontend")
    proxy.lbctl.ok("set", "server", "app/s1", "state", "maint")
    proxy.lbctl.ok("set", "server", "app/s2", "weight", "9")
    revisions = proxy.lbctl.revisions()
    proxy.write(site.config.text())
    proxy.control.kill()
    restart_control(proxy)
    assert proxy.lbctl.revisions() == revisions
    wait_until(lambda: proxy.runtime.status("app", "s1") == "MAINT", what="maint after the restart")
    row = proxy.lbctl.servers()["app", "s1"]
    assert "maint" in row["operator_override"]
    assert proxy.runtime.ask("get weight app/s2") == "9 (initial 1)\n\n"
    for host in proxy.hosts:
        wait_until(lambda h=host: set(names(h, site.port)) == {"s2"}, what="maint in effect")
    proxy.lbctl.ok("set", "server", "app/s1", "state", "ready")
    settled(proxy, {("app", "s1"): "UP"})
    assert "maint" not in proxy.lbctl.servers()["app", "s1"]["operator_override"]


@pytest.mark.kinds("lbd", "split")
def test_what_was_acknowledged_survives_a_kill_at_that_moment(site):
    proxy = site.proxy
    for number in range(4):
        state, shown = (("maint", "MAINT"), ("ready", "UP"))[number % 2]
        assert proxy.runtime.ask(f"set server app/s1 state {state}") == "\n"
        proxy.control.kill()
        restart_control(proxy)
        settled(proxy, {("app", "s1"): shown})


@pytest.mark.kinds("split")
def test_a_returning_control_plane_does_not_take_servers_out(site, syslog):
    proxy = site.proxy
    with Load(proxy.host, site.port, clients=2, pause=0.002) as load:
        proxy.control.kill()
        restart_control(proxy)
        wait_until(lambda: all_connected(proxy), 20)
        seen = load.requests
        wait_until(lambda: load.requests > seen + 50, what="traffic after the return")
    assert load.failures == [] and load.connections == 2
    assert not syslog.matching("is DOWN")


@pytest.mark.kinds("split")
def test_a_lost_data_plane_is_shown_as_lost(site):
    proxy = site.proxy
    assert all_connected(proxy)
    proxy.dataplanes[2].kill()
    wait_until(lambda: not proxy.lbctl.nodes()["node3"]["is_connected"], 15, "node3 shown as lost")
    assert proxy.lbctl.nodes()["node1"]["is_connected"]


@pytest.mark.kinds("split")
def test_counters_of_the_data_planes_are_summed(site):
    proxy = site.proxy
    for count, host in enumerate(proxy.hosts, 1):
        names(host, site.port, 2 * count)
    wait_until(lambda: proxy.runtime.stat()["web", "FRONTEND"]["req_tot"] == "12", what="12 requests")
    assert proxy.runtime.server("app", "s1")["stot"] == "6"


@pytest.mark.kinds("split")
def test_a_data_plane_that_hangs_is_named_and_catches_up(site):
    proxy = site.proxy
    proxy.dataplanes[1].signal(signal.SIGSTOP)
    done = proxy.lbctl.run("set", "server", "app/s1", "state", "maint", timeout=90)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "node2" in done.stdout + done.stderr
    for host in (proxy.hosts[0], proxy.hosts[2]):
        assert set(names(host, site.port)) == {"s2"}
    proxy.dataplanes[1].signal(signal.SIGCONT)
    wait_until(lambda: set(names(proxy.hosts[1], site.port)) == {"s2"}, 20, "node2 in step again")
