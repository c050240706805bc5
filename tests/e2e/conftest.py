"""Fixtures of the end-to-end tests, and the choice of the proxies under test (--kinds)."""

import signal

import pytest

from harness import proxies
from harness.mariadb import MariaDbSet
from harness.stage import Stage


def pytest_addoption(parser):
    parser.addoption("--kinds", default="lbd,split",
                     help="proxies under test, of haproxy,lbd,split (haproxy proves the tests)")


def pytest_configure(config):
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is ended cleans up
    config.addinivalue_line("markers", "kinds(*names): the kinds of proxy this test is about")


def pytest_generate_tests(metafunc):
    if "proxy" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("kinds")
        about = marker.args if marker else ("haproxy", "lbd")
        chosen = [kind for kind in metafunc.config.getoption("--kinds").split(",") if kind in about]
        reason = f"about {' and '.join(about)}, not chosen by --kinds"
        metafunc.parametrize("proxy", chosen or [pytest.param(
            "none", marks=pytest.mark.skip(reason=reason))], indirect=True)


def pytest_collection_modifyitems(config, items):
    """Tests of our programs that take no `proxy` stay out where only HAProxy is chosen."""
    chosen = set(config.getoption("--kinds").split(","))
    for item in items:
        marker = item.get_closest_marker("kinds")
        if marker and "proxy" not in item.fixturenames and not chosen & set(marker.args):
            item.add_marker(pytest.mark.skip(reason=f"about {' and '.join(marker.args)}, "
                                                    "not chosen by --kinds"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    stage = getattr(item, "stage", None)
    if report.failed and stage:
        report.sections += [(f"tail of {name}", text) for name, text in stage.logs()]


@pytest.fixture
def stage(request):
    """Everything a test starts stands on its stage and leaves with it."""
    own = Stage()
    request.node.stage = own
    yield own
    own.close()


@pytest.fixture
def syslog(stage):
    return stage.syslog


@pytest.fixture
def proxy(request, stage):
    """The proxy under test, not started yet."""
    if reason := proxies.why_not(request.param):
        pytest.skip(reason)
    return proxies.make(request.param, stage)


@pytest.fixture
def oracle(stage):
    """HAProxy beside the proxy under test, for comparing."""
    return proxies.make("haproxy", stage)


@pytest.fixture(scope="session")
def mariadb():
    """Three MariaDB servers for the whole run; tests ask who is the primary now."""
    servers = MariaDbSet()
    try:
        yield servers.start()
    finally:
        servers.stop()
