"""The channel between the planes: mutual TLS, who may do what with which certificate."""

import pytest

from harness.configs import Web
from harness.proxies import binary
from harness.wait import wait_until

pytestmark = pytest.mark.kinds("split")


@pytest.fixture
def fleet(stage, proxy):
    web = Web()
    port = stage.port()
    web.frontend("www", port, "app")
    web.backend("app", {"s1": proxy.at(stage.web("s1"))})
    proxy.start(web.text())
    return proxy


def tls_words(proxy, name):
    return [word for pair in proxy.tls_options(name).items() for word in pair]


def test_nodes_join_and_operators_command_with_certificates(fleet):
    wait_until(lambda: all(node["is_connected"] for node in fleet.lbctl.nodes().values()), what="all nodes")
    fleet.lbctl.ok("set", "server", "app/s1", "state", "drain")


def test_without_a_certificate_nobody_is_answered(fleet):
    env = {name: value for name, value in fleet.env.items() if not name.startswith("LBCTL_TLS")}
    assert fleet.lbctl.run("--timeout", "3", "show", "nodes", env=env).returncode == 4


def test_a_data_planes_certificate_gives_no_right_to_command(fleet):
    env = {name: value for name, value in fleet.env.items() if not name.startswith("LBCTL_TLS")}
    for words in (["show", "nodes"], ["set", "server", "app/s1", "state", "maint"]):
        done = fleet.lbctl.run(*words, *tls_words(fleet, "node1"), env=env)
        assert done.returncode == 1
        assert "cannot administer" in done.stderr


@pytest.mark.parametrize("role", ["operator", "control"])
def test_only_a_data_planes_certificate_lets_a_data_plane_join(fleet, stage, role):
    # The name is that of the node, and yet it must not be sent the keys of the configuration.
    fleet.lbctl.ok("pki", "issue", "--dir", fleet.pki, "--role", role, f"other-{role}")
    argv = [binary("lbproxyd"), "--control", fleet.control_address, "--node", f"other-{role}", "--state-dir",
            fleet.directory / f"other-{role}", *tls_words(fleet, f"other-{role}")]
    other = stage.run(f"other-{role}", argv, fleet.env)
    wait_until(lambda: "certificate is not a data plane's" in other.output(), what="the refusal")
    assert f"other-{role}" not in fleet.lbctl.nodes()


def test_a_certificate_is_good_for_its_own_node_only(fleet, stage):
    argv = [binary("lbproxyd"), "--control", fleet.control_address, "--node", "impostor", "--state-dir",
            fleet.directory / "impostor", *tls_words(fleet, "node1")]
    impostor = stage.run("impostor", argv, fleet.env)
    wait_until(lambda: "certificate is that of node 'node1'" in impostor.output(), what="the refusal")
    assert "impostor" not in fleet.lbctl.nodes()
