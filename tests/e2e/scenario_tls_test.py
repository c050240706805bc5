"""Scenario 3, conf/examples/tls.cfg: TLS with client certificates, HTTP/2, host routing, policy."""

import subprocess
import time
from types import SimpleNamespace

import pytest

from harness.curl import curl, headers
from harness.proxies import EXAMPLES
from harness.wait import wait_until

pytestmark = pytest.mark.kinds("haproxy", "lbd", "split")

CERTS = EXAMPLES.parents[1] / "tests" / "testing" / "certs"
NAME = "www.example.test"
VERSIONS = ["1.2", "1.3"]
PROTOCOLS = {"--http1.1": "1.1", "--http2": "2"}


@pytest.fixture
def site(stage, proxy):
    """Three API servers behind a started proxy, after their first checks."""
    site = SimpleNamespace(proxy=proxy, http=stage.port(), https=stage.port(),
                           servers=[stage.web(f"api{i}") for i in (1, 2, 3)])
    proxy.start(EXAMPLES / "tls.cfg", HTTP_PORT=site.http, HTTPS_PORT=site.https, CERT_DIR=CERTS,
                **{f"API{i + 1}": proxy.at(server) for i, server in enumerate(site.servers)})
    for server in site.servers:
        wait_until(lambda s=server: s.checks, what=f"first check of {server.name}")
    if proxy.is_ours:
        wait_until(lambda: all_up(proxy), what="three servers that are up")
    return site


def all_up(proxy):
    return all(row["state"]["status"].endswith("UP") for row in proxy.lbctl.servers().values())


def tls_curl(site, host, path, *options):
    """A finished curl that verifies the site's certificate by its name."""
    return subprocess.run(["curl", "-sS", "--max-time", "10", "--cacert", CERTS / "ca.pem", "--resolve",
                           f"{NAME}:{site.https}:{host}", *options, f"https://{NAME}:{site.https}{path}"],
                          capture_output=True, text=True)


@pytest.mark.parametrize("certificate", ["", "client.pem"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("version", VERSIONS)
def test_clients_are_served(site, version, protocol, certificate):
    own = ["--cert", CERTS / certificate] if certificate else []
    for host in site.proxy.hosts:
        done = tls_curl(site, host, "/x", f"--tlsv{version}", "--tls-max", version, protocol, *own,
                        "-H", "Host: api.example.test", "-w", "%{http_version}")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("OK api")
        assert done.stdout.endswith(PROTOCOLS[protocol])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_foreign_certificate_is_refused_at_the_handshake(site, version, syslog):
    for host in site.proxy.hosts:
        done = tls_curl(site, host, "/x", f"--tlsv{version}", "--tls-max", version, "--cert",
                        CERTS / "foreign-client.pem", "-H", "Host: api.example.test")
        assert done.returncode in (35, 55, 56), done.stderr  # by when the alert arrives
    syslog.wait_for(r"https-in/2: SSL client certificate not trusted", count=len(site.proxy.hosts))
    assert not any(server.requests for server in site.servers)


def test_hosts_are_routed_whatever_their_case_and_arrive_without_a_port(site):
    for host in site.proxy.hosts:
        for protocol in PROTOCOLS:
            for name in ("api.example.test", "API.Example.Test", f"api.example.test:{site.https}"):
                done = tls_curl(site, host, "/x", protocol, "-H", f"Host: {name}")
                assert done.stdout.startswith("OK api"), (name, done.stdout, done.stderr)
            last = next(s for s in site.servers if done.stdout.split()[1] == s.name).requests[-1]
            assert last.get("host") == "api.example.test"
            assert last.get("x-forwarded-for")


def test_other_methods_are_forbidden(site):
    for host in site.proxy.hosts:
        for protocol in PROTOCOLS:
            done = tls_curl(site, host, "/x", protocol, "-X", "PATCH", "-H", "Host: api.example.test",
                            "-o", "/dev/null", "-w", "%{http_code}")
            assert done.stdout == "403"


def test_statistics_ask_for_a_password_and_hide_the_version(site):
    stats_host = ["-H", "Host: stats.example.test"]
    for host in site.proxy.hosts:
        done = tls_curl(site, host, "/stats", *stats_host, "-o", "/dev/null", "-w", "%{http_code}")
        assert done.stdout == "401"
        page = tls_curl(site, host, "/stats", *stats_host, "-u", "id:password").stdout
        assert "test_server" in page
        assert "version" not in page.lower().split("<body", 1)[-1].split("</h1>", 1)[0]


def test_plain_http_speaks_http2_by_prior_knowledge(site):
    for host in site.proxy.hosts:
        url = f"http://{host}:{site.http}/x"
        text = curl(url, "--http2-prior-knowledge", "-H", "Host: api.example.test", "-w", "%{http_version}")
        assert text.startswith("OK api") and text.endswith("2")
        assert headers(url, "-H", "Host: api.example.test")[0] == 200


def test_a_short_interval_is_kept(site, syslog):
    """`inter 100 fall 5`: half a second."""
    site.servers[0].stop()
    stopped = time.monotonic()
    syslog.wait_for(r"Server test_server/server-001 is DOWN", timeout=5)
    assert time.monotonic() - stopped < 2
