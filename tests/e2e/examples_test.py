"""Every file of conf/examples is accepted as it stands."""

import os
import subprocess

import pytest

from harness.proxies import EXAMPLES, binary

# The variables each example names.
VARIABLES = {
    "web.cfg": "HTTP_PORT STATS_PORT WEB1 WEB2 BLOG1",
    "mysql.cfg": "PRIMARY_PORT REPLICA_PORT ANY_PORT MYSQL1 MYSQL2 MYSQL3",
    "tls.cfg": "HTTP_PORT HTTPS_PORT API1 API2 API3",
    "redis.cfg": "STATS_PORT SET1_MASTER_PORT SET1_REPLICA_PORT SET1_NODE1 SET1_NODE2 SET1_NODE3",
}
CASES = [("haproxy", name) for name in VARIABLES] + [("lbd", "web.cfg"), ("lbd", "mysql.cfg"),
                                                     ("lbd", "tls.cfg")]


@pytest.fixture
def certificates(stage):
    """A site certificate and a CA, as tls.cfg wants them."""
    folder = stage.directory("certs")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=api.example.test", "-keyout", folder / "key.pem", "-out", folder / "ca.pem"],
                   check=True, capture_output=True)
    (folder / "site.pem").write_text((folder / "ca.pem").read_text() + (folder / "key.pem").read_text())
    return folder


@pytest.mark.parametrize("kind, name", CASES, ids=["-".join(case) for case in CASES])
def test_is_accepted(kind, name, stage, certificates, request):
    if kind not in request.config.getoption("--kinds"):
        pytest.skip(f"{kind} is not chosen by --kinds")
    env = {"PATH": os.environ["PATH"], "RUN_DIR": str(stage.root), "SYSLOG_ADDR": "127.0.0.1:514",
           "SCRIPT_DIR": str(EXAMPLES), "CERT_DIR": str(certificates)}
    for variable in VARIABLES[name].split():
        port = stage.port()
        env[variable] = str(port) if variable.endswith("_PORT") else f"127.0.0.1:{port}"
    program = "haproxy" if kind == "haproxy" else binary("lbd")
    check = stage.run("check", [program, "-c", "-f", EXAMPLES / name], env)
    assert check.wait_exit() == 0, check.output()
    assert "Configuration file is valid" in check.output()
