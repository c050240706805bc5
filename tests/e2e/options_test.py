"""The command-line options that scripts pass to HAProxy."""

import os
import re
import signal

import pytest

from harness.proxies import binary
from harness.wait import wait_until
from harness.wire import get

CONFIG = """
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:{port}
    default_backend app
"""
BACKEND = "backend app\n    server app1 127.0.0.1:{port}\n"


@pytest.fixture
def program(proxy):
    """The words that run the program under test, state included."""
    if proxy.kind == "haproxy":
        return ["haproxy"]
    return [binary("lbd"), "--state-dir", proxy.directory / "state"]


@pytest.fixture
def files(stage, proxy):
    """A configuration in two files, of which only both together are valid."""
    app = stage.web("app1")
    port = stage.port()
    folder = proxy.directory / "conf.d"
    folder.mkdir()
    (folder / "10-front.cfg").write_text(CONFIG.format(port=port))
    (folder / "20-back.cfg").write_text(BACKEND.format(port=app.port))
    (folder / "notes.txt").write_text("not a configuration\n")
    return folder, port


def run(stage, program, *words):
    process = stage.run("program", [*program, *words], env={"PATH": os.environ["PATH"]})
    code = process.wait_exit()
    return code, process.output()


def test_c_says_valid_and_exits_0(stage, program, files):
    folder, _ = files
    code, said = run(stage, program, "-c", "-f", folder / "10-front.cfg", "-f", folder / "20-back.cfg")
    assert (code, said) == (0, "Configuration file is valid\n")


def test_c_reads_a_folder(stage, program, files):
    code, said = run(stage, program, "-c", "-f", files[0])
    assert (code, said) == (0, "Configuration file is valid\n")


def test_c_exits_1_with_the_place_of_the_error(stage, program, files):
    bad = files[0] / "30-bad.cfg"
    bad.write_text("backend x\n    nonsense here\n")
    code, said = run(stage, program, "-c", "-f", files[0])
    assert code == 1
    assert re.search(r"30-bad\.cfg:2", said) and "nonsense" in said


def test_q_with_c_is_quiet(stage, program, files):
    code, said = run(stage, program, "-q", "-c", "-f", files[0])
    assert (code, said) == (0, "")


def test_serves_several_files(stage, program, files):
    folder, port = files
    process = stage.run("program", [*program, "-db", "-f", folder / "10-front.cfg", "-f",
                                    folder / "20-back.cfg"], env={"PATH": os.environ["PATH"]})
    process.wait_ready(lambda: port in stage.listening(process))
    assert get("127.0.0.1", port).text == "OK app1\n"


def test_capital_c_changes_the_folder_first(stage, program, files):
    code, said = run(stage, program, "-C", files[0], "-c", "-f", "10-front.cfg", "-f", "20-back.cfg")
    assert (code, said) == (0, "Configuration file is valid\n")


def test_capital_d_runs_in_the_background_and_p_writes_the_pid(stage, proxy, program, files):
    folder, port = files
    pidfile = proxy.directory / "lb.pid"
    code, _ = run(stage, program, "-D", "-p", pidfile, "-f", folder)
    assert code == 0
    pid = int(pidfile.read_text().split()[0])
    try:
        # The parent returns when the child serves.
        assert get("127.0.0.1", port).text == "OK app1\n"
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), what="end of the daemon")


@pytest.mark.parametrize("condition, code", [("feature(PCRE2)", 0), ("streq(a,b)", 1),
                                             ("!streq(a,b)", 0), ("version_atleast(1.0)", 0)])
def test_cc_tells_a_condition_by_the_exit_code(condition, code, stage, program):
    assert run(stage, program, "-cc", condition)[0] == code


def test_v_prints_the_version(stage, program, proxy):
    for option in ("-v", "-vv"):
        code, said = run(stage, program, option)
        assert code == 0
        assert ("HAProxy" if proxy.kind == "haproxy" else "lbd") in said


def test_a_missing_file_is_an_error(stage, program, files):
    code, said = run(stage, program, "-c", "-f", files[0] / "missing.cfg")
    assert code == 1 and "missing.cfg" in said


def test_a_port_in_use_at_start_is_an_error(stage, program, files):
    taken = stage.web("taken")
    files[0].joinpath("10-front.cfg").write_text(CONFIG.format(port=taken.port))
    code, said = run(stage, program, "-db", "-f", files[0])
    assert code == 1
    assert re.search("(in use|cannot bind)", said, re.IGNORECASE) and str(taken.port) in said
