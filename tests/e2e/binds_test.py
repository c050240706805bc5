"""Where a proxy listens: inherited sockets, unix sockets, port ranges, IPv6, several binds."""

import os
import socket
import stat

import pytest

from harness.wait import wait_until
from harness.wire import get

FRONTEND = """
global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend web
    {binds}
    default_backend app
backend app
    server app1 {server}
"""


@pytest.fixture
def app(stage):
    return stage.web("app1")


def start(proxy, app, *binds, **options):
    text = FRONTEND.format(binds="\n    ".join(f"bind {bind}" for bind in binds),
                           server=proxy.at(app))
    proxy.start(text, **options)


def test_an_inherited_listening_socket_serves(stage, proxy, app):
    port = stage.port()
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        os.set_inheritable(listener.fileno(), True)
        start(proxy, app, f"fd@{listener.fileno()}", ports=[port],
              pass_fds=[listener.fileno()])
        assert get("127.0.0.1", port).text == "OK app1\n"
    for _ in range(20):
        assert get("127.0.0.1", port).status == 200


def test_an_inherited_socket_named_by_an_environment_variable_serves(stage, proxy, app):
    port = stage.port()
    with socket.create_server(("127.0.0.1", port)) as listener:
        os.set_inheritable(listener.fileno(), True)
        start(proxy, app, '"fd@${LISTEN_FD}"', ports=[port], pass_fds=[listener.fileno()],
              LISTEN_FD=listener.fileno())
    assert get("127.0.0.1", port).text == "OK app1\n"


def test_a_unix_bind_serves_with_the_mode_it_was_given(proxy, app):
    path = proxy.directory / "front.sock"
    start(proxy, app, f"unix@{path} mode 600")
    wait_until(path.exists, what="the unix listener")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert get(None, str(path)).text == "OK app1\n"


def test_a_bare_path_is_a_unix_bind(proxy, app):
    path = proxy.directory / "front.sock"
    start(proxy, app, str(path))
    wait_until(path.exists, what="the unix listener")
    assert get(None, str(path)).text == "OK app1\n"


def test_a_port_range_listens_on_each_port(stage, proxy, app):
    first = stage.ports.free_range(4)
    start(proxy, app, f"127.0.0.1:{first}-{first + 3}")
    assert [get("127.0.0.1", first + i).text for i in range(4)] == ["OK app1\n"] * 4


def test_one_bind_line_may_name_several_addresses(stage, proxy, app):
    one, two = stage.port(), stage.port()
    start(proxy, app, f"127.0.0.1:{one},127.0.0.1:{two}", ports=[one, two])
    assert get("127.0.0.1", one).text == get("127.0.0.1", two).text == "OK app1\n"


def test_ipv6_serves(stage, proxy, app):
    port = stage.port()
    try:
        socket.create_server(("::1", port), family=socket.AF_INET6).close()
    except OSError as refused:
        pytest.skip(f"no IPv6 on this machine: {refused}")
    start(proxy, app, f"[::1]:{port}", ports=[port])
    with socket.create_connection(("::1", port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        wait_until(lambda: b"OK app1" in client.recv(65536), what="the answer over IPv6")


def test_a_loopback_bind_is_not_reachable_by_another_address(stage, proxy, app):
    port = stage.port()
    start(proxy, app, f"127.0.0.2:{port}")
    assert get("127.0.0.2", port).status == 200
    with pytest.raises(ConnectionRefusedError):
        get("127.0.0.1", port)


def test_a_server_behind_a_unix_socket_is_reached(stage, proxy):
    path = proxy.directory / "server.sock"
    listener = stage.keep(socket.socket(socket.AF_UNIX))
    listener.bind(str(path))
    listener.listen()
    port = stage.port()
    proxy.start(FRONTEND.format(binds=f"bind 127.0.0.1:{port}", server=f"unix@{path}"))
    client = stage.client("127.0.0.1", port)
    client.request("/")
    listener.settimeout(10)
    server, _ = listener.accept()
    with server:
        assert server.recv(65536).startswith(b"GET / HTTP/1.1\r\n")
        server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix")
        assert client.response().text == "unix"
