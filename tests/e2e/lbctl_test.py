"""lbctl as people and scripts use it: exit codes, tables and JSON, history, live events."""

import json
import os
import re
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.configs import Web
from harness.proxies import binary
from harness.wait import wait_until
from harness.wire import get

pytestmark = pytest.mark.kinds("lbd")

OK, REFUSED, USAGE, LAGS, UNREACHABLE = range(5)


@pytest.fixture
def site(stage, proxy):
    site = SimpleNamespace(proxy=proxy, lbctl=proxy.lbctl, port=stage.port(), config=Web())
    site.servers = {name: stage.web(name) for name in ("s1", "s2")}
    site.config.frontend("web", site.port, "app")
    site.config.backend("app", {name: proxy.at(server) for name, server in site.servers.items()})
    proxy.start(site.config.text())
    wait_until(lambda: proxy.lbctl.run("show", "nodes").returncode == 0, what="an answer to lbctl")
    return site


NOUNS = ["config", "info", "stat", "servers", "backends", "sessions", "nodes", "events"]


@pytest.mark.parametrize("noun", NOUNS)
def test_show_has_a_table_for_people_and_json_for_machines(noun, site):
    table = site.lbctl.ok("show", noun)
    assert not table.lstrip().startswith(("{", "["))
    json.loads(site.lbctl.ok("show", noun, "--json"))
    if noun in ("servers", "stat"):
        assert "app" in table and "s1" in table


EXIT_CODES = [
    (["show", "servers"], OK),
    (["set", "server", "app/s1", "state", "drain"], OK),
    (["set", "server", "app/s1", "weight", "50%"], OK),
    (["set", "server", "nope/s1", "state", "maint"], REFUSED),
    (["set", "server", "app/nope", "state", "maint"], REFUSED),
    (["set", "server", "app/s1", "state", "asleep"], REFUSED),
    (["set", "server", "app/s1", "weight", "300"], REFUSED),
    (["rollback", "4711"], REFUSED),
    (["apply", "-f", "/nonexistent/lb.cfg"], REFUSED),
    (["no-such-command"], USAGE),
    (["show"], USAGE),
    (["set", "server"], USAGE),
    (["--no-such-option", "show", "servers"], USAGE),
    (["--help"], OK),
    (["--version"], OK),
]


@pytest.mark.parametrize("words, code", EXIT_CODES, ids=["-".join(row[0]) for row in EXIT_CODES])
def test_exit_code(words, code, site):
    done = site.lbctl.run(*words)
    accepted = {code, USAGE} if words[-1] in ("asleep", "/nonexistent/lb.cfg") else {code}
    assert done.returncode in accepted, done.stdout + done.stderr
    assert code == OK or done.stderr.strip(), "a failure must say why"


def test_an_unreachable_control_plane_is_exit_code_4(site, stage):
    site.lbctl.address = f"127.0.0.1:{stage.port()}"
    assert site.lbctl.run("show", "servers").returncode == UNREACHABLE
    site.lbctl.address = f"unix:{stage.root}/nobody.sock"
    assert site.lbctl.run("show", "servers").returncode == UNREACHABLE


def test_the_address_may_come_from_the_environment(site):
    address, site.lbctl.address = site.lbctl.address, None
    done = site.lbctl.run("show", "servers", env={**site.lbctl.env, "LBCTL_ADDRESS": address})
    assert done.returncode == OK and "s1" in done.stdout


def test_unknown_names_get_haproxys_message_and_change_nothing(site):
    done = site.lbctl.run("set", "server", "app/nope", "state", "maint")
    assert "No such server." in done.stderr
    done = site.lbctl.run("set", "server", "nope/s1", "state", "maint")
    assert "No such backend." in done.stderr
    assert site.proxy.runtime.status("app", "s1") == "no check"


def test_set_server_changes_traffic(site):
    lbctl = site.lbctl
    lbctl.ok("set", "server", "app/s1", "state", "maint")
    assert {get("127.0.0.1", site.port).text for _ in range(4)} == {"OK s2\n"}
    assert "maint" in lbctl.servers()["app", "s1"]["operator_override"]
    lbctl.ok("enable", "server", "app/s1")
    lbctl.ok("disable", "server", "app/s2")
    assert {get("127.0.0.1", site.port).text for _ in range(4)} == {"OK s1\n"}
    other = site.servers["s2"]
    lbctl.ok("set", "server", "app/s1", "addr", "127.0.0.1", "port", other.port)
    assert {get("127.0.0.1", site.port).text for _ in range(4)} == {"OK s2\n"}


def test_clear_counters_starts_from_zero(site):
    get("127.0.0.1", site.port)
    wait_until(lambda: site.proxy.runtime.stat()["web", "FRONTEND"]["req_tot"] == "1", what="a count")
    site.lbctl.ok("clear", "counters")
    wait_until(lambda: site.proxy.runtime.stat()["web", "FRONTEND"]["req_tot"] == "0",
               what="zero requests")


# Checking files without a control plane.

BROKEN = """global
    maxconn 100
    nbthraed 2
defaults
    mode http
    timeout connect 5s
frontend web
    bind *:8080
    default_backend nowhere
backend app
    balance roundrobbin
    server s1 127.0.0.1:80 chekc
"""

MISTAKES = [(3, 5, "nbthread"), (9, 21, "nowhere"), (11, 13, "roundrobin"), (12, 28, "check")]


def check_commands(path):
    return [[binary("lbctl"), "check", path], [binary("lbd"), "-c", "-f", path],
            [binary("lbcontrold"), "-c", "-f", path]]


@pytest.mark.parametrize("program", range(3), ids=["lbctl-check", "lbd-c", "lbcontrold-c"])
def test_check_tells_every_error_with_place_caret_and_suggestion(program, stage):
    path = stage.root / "broken.cfg"
    path.write_text(BROKEN)
    process = stage.run("check", check_commands(path)[program])
    assert process.wait_exit() == 1
    said = process.output()
    for line, column, word in MISTAKES:
        match = re.search(rf"(?m)^.*broken\.cfg:{line}:{column}: .*$", said)
        assert match, f"nothing about {line}:{column} in\n{said}"
        below = said[match.start():].splitlines()[:5]
        assert any(re.fullmatch(r"[\s|\d]*\^~*\s*", text) for text in below), f"no caret in {below}"
        assert word in "\n".join(below)


@pytest.mark.parametrize("program", range(3), ids=["lbctl-check", "lbd-c", "lbcontrold-c"])
def test_check_says_that_a_file_is_valid(program, stage, site):
    process = stage.run("check", check_commands(site.proxy.config_path)[program], env=site.proxy.env)
    assert process.wait_exit() == 0
    assert "Configuration file is valid" in process.output()


# History.

def test_revisions_carry_author_and_message_and_can_be_rolled_back_to(site):
    lbctl, proxy = site.lbctl, site.proxy
    first = [row["revision"] for row in lbctl.revisions() if row["is_current"]][0]
    proxy.apply(site.config.remove_server("app", "s2").text(), "-m", "s2 is sold")
    newest = next(row for row in lbctl.revisions() if row["is_current"])
    assert newest["message"] == "s2 is sold" and newest["author"]
    assert {get("127.0.0.1", site.port).text for _ in range(4)} == {"OK s1\n"}
    assert "s2 is sold" in lbctl.ok("revisions")

    lbctl.ok("rollback", first)
    assert {get("127.0.0.1", site.port).text for _ in range(4)} == {"OK s1\n", "OK s2\n"}
    assert "server s2" in lbctl.ok("show", "config")


def test_events_tell_who_did_what(site):
    site.lbctl.ok("set", "server", "app/s1", "state", "maint")
    site.proxy.runtime.ask("set server app/s2 state drain")
    commands = [event for event in site.lbctl.events() if event["kind"] == "command"]
    assert any("app/s1" in str(event) and "lbctl" in event["origin"] for event in commands), commands
    assert any("app/s2" in str(event) and "runtime socket" in event["origin"] for event in commands)


def test_watch_prints_events_as_they_happen(site, stage):
    watch = stage.run("watch", site.lbctl.argv("watch"), env=site.lbctl.env)

    def seen():
        site.lbctl.ok("set", "server", "app/s1", "state", "maint")
        site.lbctl.ok("set", "server", "app/s1", "state", "ready")
        return "app/s1" in watch.output()
    wait_until(seen, 10, "an event in the output of watch", interval=0.2)
    assert watch.stop() in (0, -15)


# Several at once, with no options.

@pytest.fixture
def default_state(stage):
    """Where programs without --state-dir keep theirs; what this test adds is removed."""
    root = Path("/var/lib/lb") if os.geteuid() == 0 else stage.root / "xdg" / "lb"
    before = set(root.iterdir()) if root.exists() else None
    yield root
    if before is None:
        shutil.rmtree(root, ignore_errors=True)
    else:
        for path in set(root.iterdir()) - before:
            shutil.rmtree(path)


def test_two_lbd_with_different_files_run_side_by_side_without_options(stage, default_state):
    env = {"PATH": os.environ["PATH"], "HOME": str(stage.root),
           "XDG_STATE_HOME": str(stage.root / "xdg")}
    first, second = stage.web("first"), stage.web("second")
    for server in (first, second):
        port, path = stage.port(), stage.root / f"{server.name}.cfg"
        config = Web().frontend("web", port, "app")
        config.backend("app", {"s1": f"127.0.0.1:{server.port}"})
        config.globals = ["nbthread 1"]
        path.write_text(config.text())
        lbd = stage.run(server.name, [binary("lbd"), "-f", path], env=env)
        lbd.wait_ready(lambda p=port, d=lbd: p in stage.listening(d))
        assert get("127.0.0.1", port).text == f"OK {server.name}\n"
    again = stage.run("again", [binary("lbd"), "-f", stage.root / "first.cfg"], env=env)
    assert again.wait_exit() == 1
    assert "in use" in again.output() or "locked" in again.output()
    folders = [path for path in default_state.iterdir() if path.is_dir()]
    assert len(folders) >= 2
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o007 == 0 for path in folders)


def test_the_programs_answer_help_and_version(stage):
    for name in ("lbd", "lbcontrold", "lbproxyd", "lbctl"):
        for option in ("--help", "--version"):
            process = stage.run(f"{name}{option}", [binary(name), option])
            assert process.wait_exit() == 0
            assert name in process.output()


def test_the_admin_socket_is_its_owners(site):
    path = site.lbctl.address.removeprefix("unix:")
    mode = os.stat(path)
    assert stat.S_ISSOCK(mode.st_mode) and stat.S_IMODE(mode.st_mode) & 0o007 == 0
