"""Signals: a stop lets what was begun finish."""

import signal
from types import SimpleNamespace

import pytest

from harness.servers import reply
from harness.wait import wait_until
from harness.wire import Client, get

CONFIG = """
global
    nbthread 2
defaults
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend web
    mode http
    bind "*:{port}"
    default_backend app
backend app
    mode http
    server app1 {web}
listen tcp
    mode tcp
    bind "*:{tcp_port}"
    server t1 {echo}
"""


@pytest.fixture
def site(stage, proxy):
    site = SimpleNamespace(proxy=proxy, port=stage.port(), tcp_port=stage.port(), is_open=False)

    def answer(request, _):
        if request.target == "/slow":
            wait_until(lambda: site.is_open, 20)
        return reply(200, "whole")
    site.web, site.echo = stage.web("app1", answer), stage.echo("t1")
    proxy.start(CONFIG.format(port=site.port, tcp_port=site.tcp_port, web=proxy.at(site.web),
                              echo=proxy.at(site.echo)))
    return site


def ask_to_stop(proxy):
    """SIGTERM. HAProxy's graceful stop is SIGUSR1; ours is the same for both."""
    number = signal.SIGUSR1 if proxy.kind == "haproxy" else signal.SIGTERM
    for dataplane in proxy.dataplanes:
        dataplane.signal(number)


@pytest.mark.kinds("haproxy", "lbd", "split")
def test_a_stop_lets_requests_and_sessions_finish_and_exits_0(site, stage):
    proxy = site.proxy
    slow, sessions = [], []
    for host in proxy.hosts:
        slow.append(stage.client(host, site.port).request("/slow"))
        sessions.append(stage.client(host, site.tcp_port))
        assert sessions[-1].reader.until(b"\n") == b"t1"
    wait_until(lambda: len(site.web.requests) == len(slow), what="the requests at the server")
    ask_to_stop(proxy)
    for host, dataplane in zip(proxy.hosts, proxy.dataplanes):
        wait_until(lambda h=host: refuses(h, site.port), what="closed listeners")
        assert dataplane.is_running()
    site.is_open = True
    for client, session in zip(slow, sessions):
        assert client.response().text == "whole"
        assert session.send(b"still here").reader.exactly(10) == b"still here"
        session.close()
        client.close()
    for dataplane in proxy.dataplanes:
        assert dataplane.wait_exit(10) == 0


def refuses(host, port):
    try:
        Client(host, port).close()
        return False
    except ConnectionResetError:
        return False  # reached a listener in the moment of its closing
    except ConnectionRefusedError:
        return True


@pytest.mark.kinds("haproxy", "lbd", "split")
def test_an_idle_proxy_stops_at_once(site):
    idle = Client(site.proxy.host, site.port)
    assert idle.get("/").status == 200
    ask_to_stop(site.proxy)
    for dataplane in site.proxy.dataplanes:
        assert dataplane.wait_exit(5) == 0
    assert idle.is_closed_by_peer()


@pytest.mark.kinds("split")
def test_a_control_plane_stops_with_exit_code_0_and_traffic_goes_on(site):
    assert site.proxy.control.stop() == 0
    for host in site.proxy.hosts:
        assert get(host, site.port).status == 200


@pytest.mark.kinds("lbd")
def test_a_second_sigterm_does_not_wait(site, stage):
    client = stage.client(site.proxy.host, site.port).request("/slow")
    wait_until(lambda: site.web.requests, what="the request at the server")
    ask_to_stop(site.proxy)
    wait_until(lambda: refuses(site.proxy.host, site.port), what="closed listeners")
    ask_to_stop(site.proxy)
    site.proxy.process.wait_exit(5)
    site.is_open = True
    client.close()
