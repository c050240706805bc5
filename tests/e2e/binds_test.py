"""Where a proxy listens: inherited sockets, unix sockets, port ranges, IPv6, several binds."""

import os
import socket
import stat

import pytest

from harness import netns
from harness.wait import stays, wait_until
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


def test_a_bind_takes_no_more_connections_than_its_maxconn(stage, proxy, app):
    port, other = stage.port(), stage.port()
    start(proxy, app, f"127.0.0.1:{port} maxconn 2", f"127.0.0.1:{other}")
    held = [stage.client(proxy.host, port) for _ in range(2)]
    for client in held:
        assert client.get().status == 200
    waiting = stage.client(proxy.host, port)
    waiting.request()
    assert get(proxy.host, other).status == 200  # only that bind is full
    assert stays(waiting.is_open, 0.3)
    held[0].close()
    assert waiting.response().status == 200


@pytest.mark.parametrize("option", ["defer-accept", "tfo", "interface lo", "backlog 10", "mss 1400",
                                    "tcp-ut 30s", "transparent"])
def test_an_option_of_the_socket_leaves_it_serving(stage, proxy, app, option):
    if option == "transparent" and os.geteuid() != 0:
        pytest.skip("needs CAP_NET_ADMIN")
    port = stage.port()
    start(proxy, app, f"127.0.0.1:{port} {option}")
    assert get("127.0.0.1", port).text == "OK app1\n"


def test_an_ipv6_bind_takes_ipv4_or_not(stage, proxy, app):
    both, alone = stage.port(), stage.port()
    start(proxy, app, f":::{both} v4v6", f":::{alone} v6only")
    assert get("127.0.0.1", both).text == "OK app1\n"
    with pytest.raises(ConnectionRefusedError):
        get("127.0.0.1", alone)


def test_a_bind_can_lie_in_another_network_namespace(stage, proxy, app):
    if reason := netns.why_not():
        pytest.skip(reason)
    network = stage.keep(netns.Network(1))
    port = stage.port()
    start(proxy, app, f"{network.addresses[0]}:{port} namespace {network.names[0]}", ports=[])
    wait_until(lambda: answers(network.addresses[0], port), what="the listener over there")
    assert get(network.addresses[0], port).text == "OK app1\n"
    with pytest.raises(OSError):
        get("127.0.0.1", port)


def answers(host, port):
    try:
        return get(host, port).status == 200
    except OSError:
        return False


@pytest.mark.kinds("lbd")
def test_a_namespace_that_is_not_there_is_named(stage, proxy, app):
    port = stage.port()
    proxy.prepare(FRONTEND.format(binds=f"bind 127.0.0.1:{port} namespace nowhere",
                                  server=proxy.at(app)))
    proxy.launch()
    wait_until(lambda: "namespace nowhere" in proxy.process.tail(), what="the reason")


@pytest.mark.parametrize("whom", ["clientip", "hdr_ip(x-client)", "127.0.0.44"])
def test_connections_to_the_server_bear_the_clients_address(stage, proxy, app, whom):
    if os.geteuid() != 0:
        pytest.skip("needs CAP_NET_ADMIN")
    port = stage.port()
    peers = []
    inner_serve = app.serve

    def serve(sock):
        peers.append(sock.getpeername())
        inner_serve(sock)
    app.serve = serve
    text = FRONTEND.format(binds=f"bind 127.0.0.1:{port}", server=proxy.at(app))
    proxy.start(text + f"    source 0.0.0.0 usesrc {whom}\n    http-reuse always\n")
    client = stage.client("127.0.0.1", port, source="127.0.0.9")
    other = stage.client("127.0.0.1", port, source="127.0.0.8")
    headers = [("X-Client", "127.0.0.3, 127.0.0.4")]
    for one in client, other, client:
        assert one.get(headers=headers).status == 200
    expected = {"clientip": {"127.0.0.9", "127.0.0.8"}, "hdr_ip(x-client)": {"127.0.0.4"},
                "127.0.0.44": {"127.0.0.44"}}[whom]
    assert {host for host, _ in peers} == expected
