"""Certificates replaced while serving: `set ssl cert`, `commit ssl cert`, `lbctl set ssl cert`."""

import http.client
import re
import shutil
import ssl
from hashlib import sha1

import pytest

from harness.runtime import read_until
from harness.wait import wait_until
from tls_test import CERTS, NAME, TlsClient, context

CONFIG = """
global
    stats socket "${{RUN_DIR}}/stats.sock" mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind "*:{port}" ssl crt {certs}/site.pem alpn http/1.1 ca-file {certs}/ca.pem verify optional
    http-response set-header x-tls "%[ssl_fc_protocol] %[ssl_fc_sni] %[ssl_c_used]"
    default_backend app
backend app
    server app1 {server}
"""


@pytest.fixture
def served(stage, proxy):
    """The proxy, serving copies of the test certificates that the test may change."""
    proxy.port, proxy.certs = stage.port(), stage.directory("certs")
    for name in ("site.pem", "ca.pem"):
        shutil.copy(CERTS / name, proxy.certs / name)
    proxy.name = f"{proxy.certs}/site.pem"
    proxy.text = CONFIG.format(port=proxy.port, certs=proxy.certs, server=proxy.at(stage.web("app1")))
    proxy.start(proxy.text)
    return proxy


def payload(path):
    return "".join(line for line in path.read_text().splitlines(keepends=True) if line.strip())


def set_file(proxy, name, contents, word="cert"):
    return proxy.runtime.ask(f"set ssl {word} {name} <<\n{contents}")


def fingerprint_of(path):
    return sha1(ssl.PEM_cert_to_DER_cert(path.read_text().split("-----BEGIN EC")[0]
                                         .split("-----BEGIN PRIV")[0])).hexdigest().upper()


def fingerprints(proxy):
    """Of the certificate that each data plane shows to a new client."""
    got = []
    for host in proxy.hosts:
        with TlsClient(host, proxy.port, context()) as client:
            got.append(sha1(client.certificate()).hexdigest().upper())
            client.get()
    return got


def accepts(host, port, with_context):
    try:
        with TlsClient(host, port, with_context) as client:
            client.get()
    except (ssl.SSLError, ConnectionError, http.client.HTTPException):
        return False
    return True


def test_a_committed_certificate_serves_new_handshakes_and_drops_nobody(served):
    proxy, fresh = served, CERTS / "site-rsa.pem"
    clients = [TlsClient(host, proxy.port, context()) for host in proxy.hosts]
    before = fingerprints(proxy)
    ask = proxy.runtime.ask
    assert set_file(proxy, proxy.name, payload(fresh)) == \
        f"Transaction created for certificate {proxy.name}!\n\n"
    assert ask("show ssl cert") == f"# transaction\n*{proxy.name}\n# filename\n{proxy.name}\n\n"
    assert "Algorithm: RSA2048" in ask(f"show ssl cert *{proxy.name}")
    assert fingerprints(proxy) == before, "nothing changes before the commit"
    assert ask(f"commit ssl cert {proxy.name}") == f"Committing {proxy.name}.\nSuccess!\n\n"
    assert fingerprints(proxy) == [fingerprint_of(fresh)] * len(proxy.hosts)
    assert "Algorithm: RSA2048" in ask(f"show ssl cert {proxy.name}")
    assert ask("show ssl cert") == f"# filename\n{proxy.name}\n\n"
    for client in clients:
        assert client.certificate() and client.get()  # on the connection from before
        client.socket.close()


REFUSED = {  # what is set: what is said to "set", and to "commit"
    "bad/other_key.pem": ("Transaction created", "Can't commit"),
    "bad/no_key.pem": ("Transaction created",
                       "The transaction must contain at least a certificate and a private key!\nCan't commit"),
    "bad/no_certificate.pem": ("Can't load the payload\nCan't update", "No ongoing transaction! !\nCan't commit"),
    "bad/encrypted_key.pem": ("Transaction created", "Can't commit"),
}


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_no_certificate_changes_nothing(served, path):
    proxy, (said_to_set, said_to_commit) = served, REFUSED[path]
    before = fingerprints(proxy)
    assert said_to_set in set_file(proxy, proxy.name, payload(CERTS / path))
    assert said_to_commit in proxy.runtime.ask(f"commit ssl cert {proxy.name}")
    assert fingerprints(proxy) == before
    if "created" in said_to_set:
        assert proxy.runtime.ask(f"abort ssl cert {proxy.name}") == \
            f"Transaction aborted for certificate '{proxy.name}'!\n\n"
    assert proxy.runtime.ask("show ssl cert") == f"# filename\n{proxy.name}\n\n"


def test_a_key_that_openssl_refuses_is_refused_before_anybody_serves_it(served):
    proxy, before = served, fingerprints(served)
    assert "created" in set_file(proxy, proxy.name, payload(CERTS / "bad/weak.pem"))
    reply = proxy.runtime.ask(f"commit ssl cert {proxy.name}")
    assert reply.startswith(f"Committing {proxy.name}.\n") and reply.endswith("Failed!\n\n")
    assert fingerprints(proxy) == before


DIALOGUE = [  # HAProxy 2.6 answers each of these byte for byte so
    ("set ssl cert", "'set ssl cert expects a filename and a certificate as a payload\n\n"),
    ("set ssl cert {name}", "'set ssl cert expects a filename and a certificate as a payload\n\n"),
    ("commit ssl cert", "'commit ssl cert expects a filename\n\n"),
    ("abort ssl cert", "'abort ssl cert' expects a filename\n\n"),
    ("commit ssl cert {name}", "No ongoing transaction! !\nCan't commit {name}!\n\n"),
    ("abort ssl cert {name}", "No ongoing transaction!\n\n"),
    ("set ssl cert nosuch <<\nx\n",
     "Can't replace a certificate which is not referenced by the configuration!\nCan't update nosuch!\n\n"),
    ("set ssl ca-file nosuch <<\nx\n",
     "Can't replace a CA file which is not referenced by the configuration!\nCan't update nosuch!\n\n"),
    ("set ssl crl-file nosuch <<\nx\n",
     "Can't replace a CRL file which is not referenced by the configuration!\nCan't update nosuch!\n\n"),
    ("set ssl cert {name} <<\n{pem}", "Transaction created for certificate {name}!\n\n"),
    ("set ssl cert {name} <<\n{pem}", "Transaction updated for certificate {name}!\n\n"),
    ("commit ssl cert other",
     "The ongoing transaction is about '{name}' but you are trying to set 'other'\nCan't commit other!\n\n"),
    ("abort ssl cert other", "The ongoing transaction is about '{name}' but you are trying to abort a "
                             "transaction for 'other'\n\n"),
    ("abort ssl cert {name}", "Transaction aborted for certificate '{name}'!\n\n"),
    ("commit ssl ca-file", "'commit ssl ca-file expects a filename\n\n"),
    ("commit ssl ca-file x", "No ongoing transaction! !\nCan't commit x!\n\n"),
]


@pytest.mark.kinds("lbd", "haproxy")
def test_the_dialogue_is_that_of_haproxy(served):
    words = {"name": served.name, "pem": payload(CERTS / "wildcard.pem")}
    for command, reply in DIALOGUE:
        assert served.runtime.ask(command.format(**words)) == reply.format(**words), command


@pytest.mark.kinds("lbd", "haproxy")
def test_a_payload_is_prompted_for_line_by_line(served):
    with served.runtime.dialogue() as connection:
        connection.sendall(b"prompt\n")
        read_until(connection, b"> ")
        connection.sendall(f"set ssl cert {served.name} <<\n".encode())
        assert read_until(connection, b"+ ") == b"+ "
        connection.sendall(payload(CERTS / "wildcard.pem").encode() + b"\n")
        reply = read_until(connection, b"> ").decode().replace("+ ", "")
        assert reply == f"Transaction created for certificate {served.name}!\n\n> "


@pytest.mark.kinds("lbd", "haproxy")
def test_the_key_may_come_apart(served):
    proxy = served
    assert "created" in set_file(proxy, proxy.name, payload(CERTS / "split/site.crt"))
    assert set_file(proxy, proxy.name + ".key", payload(CERTS / "split/site.crt.key")) == \
        f"Transaction updated for certificate {proxy.name}!\n\n"
    assert "Success!" in proxy.runtime.ask(f"commit ssl cert {proxy.name}")
    assert fingerprints(proxy) == [fingerprint_of(CERTS / "split/site.crt")] * len(proxy.hosts)


def test_replaced_authorities_decide_about_the_next_clients(served):
    proxy, name = served, f"{served.certs}/ca.pem"

    def accepted(certificate):
        with_certificate = context()
        with_certificate.load_cert_chain(CERTS / certificate)
        return [accepts(host, proxy.port, with_certificate) for host in proxy.hosts]

    everywhere = [True] * len(proxy.hosts)
    assert accepted("client.pem") == everywhere
    assert "created for CA" in set_file(proxy, name, payload(CERTS / "other-ca.pem"), "ca-file")
    assert proxy.runtime.ask(f"commit ssl ca-file {name}").endswith("Success!\n\n")
    assert accepted("client.pem") == [False] * len(proxy.hosts)
    assert accepted("foreign-client.pem") == everywhere


@pytest.mark.kinds("lbd", "split")
def test_lbctl_replaces_a_certificate_until_the_next_apply(served):
    proxy, fresh = served, CERTS / "site-rsa.pem"
    before = fingerprints(proxy)
    revision = proxy.lbctl.revisions()
    said = proxy.lbctl.ok("set", "ssl", "cert", proxy.name, fresh)
    assert said.count("serving") == len(proxy.hosts)
    assert fingerprints(proxy) == [fingerprint_of(fresh)] * len(proxy.hosts)
    assert proxy.lbctl.revisions() == revision, "no new revision"
    shown = proxy.lbctl.ok("show", "ssl", "cert", proxy.name)
    assert re.search(r"^Replaced: root@.*lbctl, .*GMT; until a configuration is applied$", shown, re.M)
    assert "serves already" in proxy.lbctl.ok("set", "ssl", "cert", proxy.name, fresh)
    assert "~ certificate" in proxy.apply(proxy.text).stdout
    assert fingerprints(proxy) == before
    assert "Replaced" not in proxy.lbctl.ok("show", "ssl", "cert", proxy.name)
    event = next(event for event in proxy.lbctl.events() if event["kind"] == "certificate")
    assert event["subject"] == proxy.name and fingerprint_of(fresh) in event["text"]
    assert "lbctl" in event["origin"]


@pytest.mark.kinds("lbd", "split")
def test_lbctl_says_why_it_refuses(served):
    proxy, before = served, fingerprints(served)
    for name, path, why in [(proxy.name, "bad/other_key.pem", "does not belong"),
                            (proxy.name, "bad/no_key.pem", "private key"),
                            (proxy.name, "bad/weak.pem", "key too small"),
                            ("nosuch.pem", "site.pem", "names no certificate 'nosuch.pem'")]:
        done = proxy.lbctl.run("set", "ssl", "cert", name, CERTS / path)
        assert done.returncode == 1 and why in done.stderr, path
    assert fingerprints(proxy) == before
    assert proxy.lbctl.run("set", "ssl", "cert", proxy.name, "/nosuch").returncode == 2


@pytest.mark.kinds("split")
def test_a_data_plane_keeps_it_without_the_control_plane(served):
    proxy, fresh = served, CERTS / "site-rsa.pem"
    proxy.lbctl.ok("set", "ssl", "cert", proxy.name, fresh)
    proxy.control.kill()
    proxy.dataplanes[0].stop()
    proxy.dataplanes[0] = proxy.launch_dataplane(0)
    proxy.wait_listening([proxy.port])
    assert fingerprints(proxy) == [fingerprint_of(fresh)] * len(proxy.hosts)


@pytest.mark.kinds("split")
def test_a_control_plane_that_starts_again_reads_the_file(served):
    proxy, before = served, fingerprints(served)
    proxy.lbctl.ok("set", "ssl", "cert", proxy.name, CERTS / "site-rsa.pem")
    assert fingerprints(proxy) != before
    proxy.control.stop()
    proxy.launch_control()
    wait_until(lambda: fingerprints(proxy) == before, timeout=20, what="the file's certificate")
    assert "Replaced" not in proxy.lbctl.ok("show", "ssl", "cert", proxy.name)


@pytest.mark.kinds("split")
def test_a_data_plane_that_comes_later_serves_it_too(served):
    proxy, fresh = served, CERTS / "site-rsa.pem"
    proxy.dataplanes[2].stop()
    wait_until(lambda: not proxy.lbctl.nodes()["node3"].get("isConnected"), what="the loss of a node")
    proxy.lbctl.ok("set", "ssl", "cert", proxy.name, fresh)
    proxy.dataplanes[2] = proxy.launch_dataplane(2)
    proxy.wait_listening([proxy.port])
    wait_until(lambda: fingerprints(proxy) == [fingerprint_of(fresh)] * 3, what="one certificate everywhere")


@pytest.mark.kinds("lbd", "split")
def test_keys_are_shown_nowhere(served):
    proxy, fresh = served, CERTS / "site-rsa.pem"
    set_file(proxy, proxy.name, payload(fresh))
    proxy.runtime.ask(f"commit ssl cert {proxy.name}")
    key = fresh.read_text().split("PRIVATE KEY-----\n")[1].splitlines()[0]
    said = [proxy.lbctl.ok("show", *noun.split()) for noun in ("config", "events", "ssl cert")]
    said += [proxy.runtime.ask(f"show ssl cert {proxy.name}")]
    said += [process.output() for process in [proxy.control, *proxy.dataplanes]]
    assert not [text for text in said if key in text or "PRIVATE" in text]
    for path in proxy.directory.rglob("*"):
        if path.is_file() and key.encode() in path.read_bytes():
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.kinds("lbd")
def test_files_that_come_and_go_are_the_configurations_to_name(served):
    for command in ("new ssl cert x.pem", "del ssl cert x.pem", "add ssl crt-list a b"):
        assert "is not supported: name the file in the configuration" in served.runtime.ask(command)
