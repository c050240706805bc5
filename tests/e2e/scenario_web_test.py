"""Scenario 1, conf/examples/web.cfg: layer-7 web balancing as a browser, curl and an operator see it."""

import time
from types import SimpleNamespace

import pytest

from harness import stats
from harness.curl import curl, headers
from harness.load import Load
from harness.proxies import EXAMPLES, settled
from harness.wait import wait_until
from harness.wire import Client

pytestmark = pytest.mark.kinds("haproxy", "lbd", "split")

ALL_UP = {("http-backend", "websrv1"): "UP", ("http-backend", "websrv2"): "UP",
          ("blog-backend", "blog1"): "UP"}


@pytest.fixture
def site(stage, proxy):
    """Two web servers and a blog behind a started proxy."""
    site = SimpleNamespace(proxy=proxy, http=stage.port(), stats=stage.port(),
                           web1=stage.web("websrv1"), web2=stage.web("websrv2"),
                           blog=stage.web("blog1"))
    proxy.start(EXAMPLES / "web.cfg", HTTP_PORT=site.http, STATS_PORT=site.stats,
                WEB1=proxy.at(site.web1), WEB2=proxy.at(site.web2), BLOG1=proxy.at(site.blog))
    return site


@pytest.fixture
def checked_site(site):
    """The same after every first check."""
    for server in (site.web1, site.web2, site.blog):
        wait_until(lambda s=server: s.checks, what=f"first check of {server.name}")
    settled(site.proxy, ALL_UP)
    return site


def test_four_requests_alternate_between_the_servers(site):
    for host in site.proxy.hosts:
        bodies = [curl(f"http://{host}:{site.http}/") for _ in range(4)]
        assert bodies == ["OK websrv1\n", "OK websrv2\n"] * 2


def test_keep_alive_requests_alternate_too(checked_site):
    for host in checked_site.proxy.hosts:
        with Client(host, checked_site.http) as client:
            bodies = [client.get("/").text for _ in range(6)]
        assert set(bodies) == {"OK websrv1\n", "OK websrv2\n"}
        assert all(one != next_one for one, next_one in zip(bodies, bodies[1:])), bodies


def test_blog_paths_reach_the_blog_server(site):
    for host in site.proxy.hosts:
        assert curl(f"http://{host}:{site.http}/blog/x") == "OK blog1\n"
        assert site.blog.requests[-1].target == "/blog/x"


def test_server_is_told_the_clients_address_and_the_frontends_port(site, stage):
    for host in site.proxy.hosts:
        client = stage.client(host, site.http)
        own_address = client.socket.getsockname()[0]
        client.get("/", host="shop.example.test")
        request = (site.web1.requests + site.web2.requests)[-1]
        assert request.get("x-forwarded-for") == own_address
        assert request.get("x-forwarded-port") == str(site.http)
        assert request.get("host") == "shop.example.test"
        site.web1.requests.clear(), site.web2.requests.clear()


def test_statistics_page_csv_and_metrics_are_served(checked_site):
    site = checked_site
    for host in site.proxy.hosts:
        curl(f"http://{host}:{site.http}/")
        base = f"http://{host}:{site.stats}"
        page = curl(f"{base}/haproxy")
        for name in ("http-front", "http-backend", "websrv1", "websrv2", "blog1"):
            assert name in page
        assert headers(f"{base}/haproxy")[1]["refresh"] == "10"
        rows = stats.table(curl(f"{base}/haproxy;csv"))
        assert rows["http-backend", "websrv1"]["status"] == "UP"
        assert rows["http-backend", "websrv1"]["check_status"].removeprefix("* ") == "L7OK"
        assert rows["http-backend", "BACKEND"]["act"] == "2"
        assert int(rows["http-front", "FRONTEND"]["req_tot"]) >= 1
        samples = stats.metrics(curl(f"{base}/metrics"))
        assert stats.metric(samples, "haproxy_server_status", proxy="http-backend",
                            server="websrv2", state="UP") == 1
        assert stats.metric(samples, "haproxy_frontend_http_requests_total", proxy="http-front") >= 1


def test_normal_statistics_traffic_is_not_logged(checked_site, syslog):
    site = checked_site
    for host in site.proxy.hosts:
        curl(f"http://{host}:{site.stats}/haproxy")
        curl(f"http://{host}:{site.stats}/metrics")
        curl(f"http://{host}:{site.http}/marker")
    syslog.wait_for(r"GET /marker HTTP/1.1", count=len(site.proxy.hosts))
    assert not syslog.matching(r" stats stats/")


def test_a_stopped_server_is_down_everywhere_and_no_request_fails(checked_site, syslog):
    site = checked_site
    site.web2.stop()
    stopped = time.monotonic()
    settled(site.proxy, {("http-backend", "websrv2"): "DOWN"}, timeout=3)
    assert time.monotonic() - stopped < 1.5 + 0.3, "DOWN took longer than a second and a half"
    syslog.wait_for(r"Server http-backend/websrv2 is DOWN, reason: Layer4 connection problem.*"
                    r"1 active and 0 backup servers left", severity="alert")
    for host in site.proxy.hosts:
        with Load(host, site.http, clients=2) as load:
            wait_until(lambda: load.requests > 40, what="40 requests")
        assert load.failures == []
        assert set(load.bodies) == {"OK websrv1"}
        base = f"http://{host}:{site.stats}"
        wait_until(lambda: stats.table(curl(f"{base}/haproxy;csv"))
                   ["http-backend", "websrv2"]["status"] == "DOWN", what="DOWN in the CSV")
        row = stats.table(curl(f"{base}/haproxy;csv"))["http-backend", "websrv2"]
        assert (row["check_status"].removeprefix("* "), row["chkdown"]) == ("L4CON", "1")
        assert "DOWN" in curl(f"{base}/haproxy")
        samples = stats.metrics(curl(f"{base}/metrics"))
        assert stats.metric(samples, "haproxy_server_status", proxy="http-backend",
                            server="websrv2", state="DOWN") == 1

    site.web2.start()
    settled(site.proxy, ALL_UP, timeout=5)
    syslog.wait_for(r"Server http-backend/websrv2 is UP, reason: Layer7 check passed, code: 200.*"
                    r"2 active and 0 backup servers online", severity="notice")
    for host in site.proxy.hosts:
        wait_until(lambda: curl(f"http://{host}:{site.http}/") == "OK websrv2\n",
                   what="websrv2 in turn again")


def test_a_body_without_ok_is_a_failed_check(checked_site, syslog):
    site = checked_site
    site.web1.is_healthy = False
    settled(site.proxy, {("http-backend", "websrv1"): "DOWN"}, timeout=5)
    assert site.proxy.runtime.check_status("http-backend", "websrv1") == "L7RSP"
    syslog.wait_for(r"Server http-backend/websrv1 is DOWN, reason: Layer7 invalid response",
                    severity="alert")


def test_with_every_server_down_requests_get_503_and_syslog_says_so(checked_site, syslog):
    site = checked_site
    site.blog.stop()
    settled(site.proxy, {("blog-backend", "blog1"): "DOWN"}, timeout=5)
    syslog.wait_for("backend blog-backend has no server available!", severity="emerg")
    for host in site.proxy.hosts:
        status, _ = headers(f"http://{host}:{site.http}/blog/")
        assert status == 503
    syslog.wait_for(r"blog-backend/<NOSRV> .* 503 ", count=len(site.proxy.hosts))
