"""HTTP/2 from clients and to servers, with curl, nghttp, h2load and frames by hand."""

import os
import socket
from types import SimpleNamespace

import pytest

from harness.curl import curl, headers
from harness.h2frames import END_HEADERS, HEADERS, NO_ERROR, PREFACE, H2Client, H2Server, data, get
from harness.h2frames import headers as h2_headers
from harness.h2frames import settings
from harness.h2load import h2load, nghttp
from harness.servers import reply
from harness.wait import wait_until

PRIOR = "--http2-prior-knowledge"

CONFIG = """
global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    timeout http-request 2s
    timeout http-keep-alive 1s
frontend web
    bind "127.0.0.1:{port}"
    default_backend app
backend app
    server app1 {server}
"""

# A second proxy layer in the same file, so that HTTP/2 is spoken to a server too.
CHAIN = """
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend outer
    bind "127.0.0.1:{port}"
    default_backend middle
backend middle
    http-reuse {reuse}
    server inner 127.0.0.1:{inner} proto h2
frontend inner
    bind "127.0.0.1:{inner}" proto h2
    default_backend app
backend app
    http-reuse always
    server app1 {server}
"""


def echo(request, _):
    """Answers with the body, or as many bytes as the path says."""
    if request.target.startswith("/bytes/"):
        return reply(200, b"x" * int(request.target.rsplit("/", 1)[1]))
    fields = [("X-Version", request.version), ("X-Host", request.get("host", "")),
              ("X-Cookie", "|".join(request.all("cookie")))]
    return reply(200, request.body or request.target.encode(), fields, method=request.method)


@pytest.fixture
def app(stage):
    return stage.web("app1", echo)


@pytest.fixture
def url(stage, proxy, app):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(app)))
    return f"http://{proxy.host}:{port}"


@pytest.fixture
def chain_url(stage, proxy, app):
    port = stage.port()
    proxy.start(CHAIN.format(port=port, inner=stage.port(), server=proxy.at(app), reuse="always"))
    return f"http://{proxy.host}:{port}"


def test_curl_speaks_it_with_prior_knowledge(url):
    status, fields = headers(url + "/a?b=c", PRIOR)
    assert status == 200
    assert fields["x-version"] == "HTTP/1.1"
    assert fields["x-host"] == url[len("http://"):]
    assert curl(url + "/a?b=c", PRIOR) == "/a?b=c"


def test_both_versions_are_spoken_on_one_port(url):
    assert curl(url + "/one", "--http1.1") == "/one"
    assert curl(url + "/two", PRIOR) == "/two"


def test_cookies_arrive_in_one_field(url):
    _, fields = headers(url, PRIOR, "-H", "Cookie: a=b", "-H", "Cookie: c=d")
    assert fields["x-cookie"] == "a=b; c=d"


@pytest.mark.parametrize("options", [("--data-binary", "@{}"), ("-T", "{}", "-X", "POST"),
                                     ("-T", "-", "-X", "POST")])
def test_large_bodies_pass_unchanged(stage, url, options):
    directory = stage.directory("body")
    body = os.urandom(1_500_000)
    path = os.path.join(directory, "body")
    with open(path, "wb") as file:
        file.write(body)
    out = os.path.join(directory, "out")
    words = [word.format(path) for word in options]
    if "-" in words:
        words = ["-T", path, "-X", "POST", "-H", "Content-Length:"]
    curl(url + "/up", PRIOR, "-o", out, *words)
    with open(out, "rb") as file:
        assert file.read() == body


def test_nghttp_sees_an_orderly_connection(url):
    seen = nghttp(url + "/x")
    assert ":status: 200" in seen
    assert "recv RST_STREAM" not in seen and "recv GOAWAY" not in seen


def test_nghttp_sends_a_body_with_trailers(stage, url, app):
    path = os.path.join(stage.directory("body"), "body")
    with open(path, "wb") as file:
        file.write(b"x" * 100_000)
    seen = nghttp(url + "/up", "--data", path, "--no-content-length", "--trailer", "x-sum: 7")
    assert ":status: 200" in seen
    request = app.requests[-1]
    assert (len(request.body), request.trailers) == (100_000, [("x-sum", "7")])


@pytest.mark.parametrize("options", [(), ("--no-push",)])
def test_nothing_is_pushed(stage, proxy, options):
    link = [("Link", "</style.css>; rel=preload; as=style")]
    server, port = stage.web("app1", lambda *_: reply(200, "page", link)), stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(server)))
    seen = nghttp(f"http://{proxy.host}:{port}/", *options)
    assert "link: </style.css>" in seen and "PUSH_PROMISE" not in seen


# RFC 9113 section 3.1 has given this way up: the request is one of HTTP/1.1, and the server must
# not hear of an upgrade that it would take for the start of HTTP/2. HAProxy 2.6 passes it on.
@pytest.mark.kinds("lbd")
def test_curls_upgrade_to_h2c_is_not_taken_and_not_passed_on(url, app):
    assert curl(url + "/x", "--http2") == "/x"
    names = {name.lower() for name, _ in app.requests[-1].fields}
    assert not names & {"upgrade", "http2-settings", "connection"}


TRAILED = CONFIG.replace("{server}", "{server} proto h2")


@pytest.mark.kinds("lbd", "haproxy")
@pytest.mark.parametrize("length", [0, 5])
def test_trailers_pass_behind_a_body_of_known_length(stage, proxy, length):
    def play(frames, _):
        frames.until(lambda f: f.ends)
        body = [data(1, b"hello")] if length else []
        frames.send(h2_headers(1, [(":status", "200"), ("content-length", str(length))], END_HEADERS),
                    *body, h2_headers(1, [("grpc-status", "0")]))
        frames.to_end()
    server, port = stage.keep(H2Server("app1", stage.port(), play)), stage.port()
    proxy.start(TRAILED.format(port=port, server=proxy.at(server)))
    path = os.path.join(stage.directory("body"), "body")
    with open(path, "wb") as file:
        file.write(b"x" * length)
    seen = nghttp(f"http://{proxy.host}:{port}/", "--data", path, "--trailer", "x-sum: 7")
    assert f"content-length: {length}" in seen
    assert "grpc-status: 0" in seen
    received = server.connections[0].all(HEADERS, 1)
    assert [f.ends for f in received] == [False, True]
    assert len(server.connections[0].body(1)) == length


@pytest.mark.kinds("lbd", "haproxy")
def test_a_response_of_trailers_alone_gets_a_length_in_http_1_only(stage, proxy):
    def play(frames, _):
        while taken := frames.until(lambda f: f.ends):
            frames.send(h2_headers(taken.stream, [(":status", "200"), ("grpc-status", "12")]))
    server, port = stage.keep(H2Server("app1", stage.port(), play)), stage.port()
    proxy.start(TRAILED.format(port=port, server=proxy.at(server)))
    seen = nghttp(f"http://{proxy.host}:{port}/")
    assert "grpc-status: 12" in seen and "content-length" not in seen
    answer = curl(f"http://{proxy.host}:{port}/", "--http1.1", "-i").lower()
    # HAProxy writes an empty body in chunks.
    assert "grpc-status: 12" in answer and ("content-length: 0" in answer or not proxy.is_ours)


@pytest.mark.kinds("lbd")
def test_a_body_whose_end_is_known_ends_its_stream_at_once(url):
    assert nghttp(url + "/bytes/5").count("recv DATA frame") == 1


def test_many_streams_at_once(url):
    succeeded, text = h2load(url + "/bytes/1000", 2000, 4, 20)
    assert succeeded == 2000, text


def test_streams_of_large_bodies_share_fairly(url):
    succeeded, text = h2load(url + "/bytes/500000", 60, 2, 15)
    assert succeeded == 60, text


@pytest.mark.parametrize("version", ["--http1.1", PRIOR])
def test_servers_are_spoken_to_in_http2(chain_url, version):
    assert curl(chain_url + "/a", version) == "/a"
    assert len(curl(chain_url + "/bytes/2000000", version)) == 2_000_000
    body = "x" * 100_000
    assert curl(chain_url + "/up", version, "--data-binary", body) == body


def test_exchanges_share_connections_to_a_server(chain_url):
    succeeded, text = h2load(chain_url + "/bytes/100", 1000, 4, 10)
    assert succeeded == 1000, text


@pytest.mark.kinds("lbd")
def test_the_log_names_version_and_url(stage, proxy, app):
    port = stage.port()
    config = CONFIG.replace("mode http\n", "mode http\n    log 127.0.0.1:{log} local0\n"
                            "    option httplog\n", 1)
    proxy.start(config.format(port=port, server=proxy.at(app), log=stage.syslog.port))
    curl(f"http://{proxy.host}:{port}/logged", PRIOR)
    stage.syslog.wait_for(f'"GET http://{proxy.host}:{port}/logged HTTP/2.0"')


@pytest.fixture
def nghttpd(stage):
    """Debian's nghttpd, whose one page is 100,000 bytes, with trailers; it sends uploads back."""
    pages, port = stage.directory("pages"), stage.port()
    (pages / "page").write_bytes(b"x" * 100_000)
    process = stage.run("nghttpd", ["nghttpd", "--no-tls", "--echo-upload", "--trailer", "x-sum: 7",
                                    "-d", pages, port])
    process.wait_ready(lambda: port in stage.listening(process))
    return SimpleNamespace(port=port)


@pytest.mark.parametrize("version", ["--http1.1", PRIOR])
def test_nghttpd_is_a_server(stage, proxy, nghttpd, version):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(nghttpd) + " proto h2"))
    url = f"http://{proxy.host}:{port}"
    assert len(curl(url + "/page", version)) == 100_000
    assert headers(url + "/none", version)[0] == 404
    assert headers(url + "/page", version, "--head")[1]["content-length"] == "100000"
    body = "y" * 100_000
    assert curl(url + "/up", version, "--data-binary", body, "-H", "Expect:") == body
    succeeded, text = h2load(url + "/page", 200, 2, 10)
    assert succeeded == 200, text


def test_trailers_of_nghttpd_arrive(stage, proxy, nghttpd):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(nghttpd) + " proto h2"))
    assert "x-sum: 7" in nghttp(f"http://{proxy.host}:{port}/page")


@pytest.mark.kinds("lbd")
def test_draining_lets_streams_end(stage, proxy, app):
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=proxy.at(app)))
    with H2Client(proxy.host, port) as connection:
        connection.send(get(1))
        wait_until(lambda: app.requests)
        proxy.process.signal(15)
        connection.to_end()
        assert connection.goaway() == NO_ERROR
    assert proxy.process.wait_exit() == 0


def test_the_preface_can_be_left_to_http_1(stage, proxy):
    port, server = stage.port(), stage.web("app1")
    config = CONFIG.format(port=port, server=proxy.at(server))
    proxy.start(config.replace("frontend web\n", "frontend web\n    option disable-h2-upgrade\n"))
    with socket.create_connection((proxy.host, port), timeout=5) as sock:
        sock.sendall(PREFACE + settings())
        assert sock.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert curl(f"http://{proxy.host}:{port}/", "--http1.1").startswith("OK app1")
