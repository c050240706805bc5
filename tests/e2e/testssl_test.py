"""What testssl.sh says of a TLS listener with nothing but the defaults."""

import json
import shutil
import subprocess

import pytest

from harness.proxies import ROOT

CERTS = ROOT / "tests" / "testing" / "certs"
CONFIG = """
defaults
    mode http
    timeout client 60s
frontend web
    bind "*:{port}" ssl crt {certs}/site-rsa.pem alpn h2,http/1.1
    http-request return status 200 content-type text/plain string ok
"""
# Protocols, ciphers, forward secrecy, what the server prefers and tells, vulnerabilities. Left out
# are the simulations of browsers and the fields of HTTP, which belong to the site.
SECTIONS = ["--protocols", "--std", "--fs", "--server-preference", "--server-defaults",
            "--vulnerable"]
# What it holds against the certificate of these tests: no public authority signed it, it is valid
# for a century, and it can be revoked nowhere.
OF_THE_CERTIFICATE = {"cert_chain_of_trust", "cert_validityPeriod", "cert_revocation"}


@pytest.mark.kinds("lbd")
def test_no_weakness_is_rated_medium_or_worse(stage, proxy, tmp_path):
    program = shutil.which("testssl")
    if program is None:
        pytest.skip("testssl.sh is not installed")
    port = stage.port()
    proxy.start(CONFIG.format(port=port, certs=CERTS))
    report = tmp_path / "report.json"
    done = subprocess.run([program, "--warnings", "off", "--color", "0", "--jsonfile", report,
                           *SECTIONS, f"{proxy.hosts[0]}:{port}"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    findings = json.loads(report.read_text())
    # A scan that could not connect would find nothing wrong either.
    tls13 = [f["finding"] for f in findings if f["id"] == "TLS1_3"]
    assert tls13 and "offered" in tls13[0] and "not offered" not in tls13[0], done.stdout
    for old in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
        assert any(f["id"] == old and f["finding"] == "not offered" for f in findings), old
    worst = [f for f in findings if f["severity"] in ("MEDIUM", "HIGH", "CRITICAL")
             and f["id"].split(" ")[0] not in OF_THE_CERTIFICATE]
    assert worst == []
