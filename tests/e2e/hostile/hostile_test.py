"""Hostile and ambiguous HTTP over all four pairings of versions, compared with HAProxy.

Each case of the tables is played for both versions of the other side: exactly what a client gets
and what a server sees. The same is played on HAProxy, which has to do what the table says of it.
And it is played where connections to servers are shared: the next client must not notice.
"""

import shutil

import pytest

from .arena import Arena
from .cases import SAME, AnswerCase, Ask, Upto, asked, events_of
from .compare import begins, canonical, expand, without_reset
from .peers import FINAL
from .tables import ALL

PLAYS = [pytest.param(case, pairing,
                      id=f"{topic}:{case.name.replace(' ', '-')}:{'-'.join(pairing)}")
         for topic, case in ALL for pairing in case.pairings]


@pytest.fixture(scope="module")
def arenas(request):
    """The products under test that run here, each started when it is first asked for."""
    chosen = request.config.getoption("--kinds").split(",")
    started = {}

    def of(kind):
        if kind == "lbd" and kind not in chosen:
            pytest.skip("lbd is not chosen by --kinds")
        if kind == "haproxy" and shutil.which("haproxy") is None:
            pytest.skip("haproxy is not installed: nothing to compare with")
        if kind not in started:
            started[kind] = Arena(kind)
        return started[kind]

    yield of
    for arena in started.values():
        arena.close()


@pytest.mark.parametrize("case, pairing", PLAYS)
def test_is_passed_or_refused_as_the_table_says(arenas, request, case, pairing):
    arena = arenas("lbd")
    request.node.stage = arena.stage
    wanted_reply, wanted_record = expected(case, pairing)
    reply, record = arena.play(case, pairing, replies_in(wanted_reply))
    check_record(case, pairing, record, wanted_record, is_ours=True)
    assert reply == wanted_reply


@pytest.mark.parametrize("case, pairing", PLAYS)
def test_haproxy_does_what_the_table_says_of_it(arenas, request, case, pairing):
    arena = arenas("haproxy")
    request.node.stage = arena.stage
    if case.haproxy and case.haproxy.skip:
        pytest.skip(case.haproxy.why)
    wanted_reply, wanted_record = expected(case, pairing, case.haproxy)
    reply, record = arena.play(case, pairing, replies_in(wanted_reply))
    # How it asks for an upgrade is in the table of those.
    if not asks_for_more(case):
        check_record(case, pairing, record, wanted_record, is_ours=False)
    seen, wanted = (canonical(text, pairing, is_reply=True) for text in (reply, wanted_reply))
    assert seen == wanted


@pytest.mark.parametrize("case, pairing", PLAYS)
def test_leaves_nothing_behind_for_the_next_client(arenas, request, case, pairing):
    arena = arenas("lbd")
    request.node.stage = arena.stage
    wanted_reply, _ = expected(case, pairing)
    reply = arena.play_before_another(case, pairing, replies_in(wanted_reply))
    assert reply == expand(200, pairing)


def test_names_are_unique():
    names = [(topic, case.name) for topic, case in ALL]
    assert len(set(names)) == len(names)


def check_record(case, pairing, record, wanted, is_ours):
    record = without_reset(record)
    if isinstance(wanted, Upto):
        assert begins(record, wanted.seen, pairing, is_ours), (record, wanted.seen)
        return
    if asks_for_more(case) and not isinstance(record, str):
        record = tuple(event for event in record if event != "END")
    if not is_ours:
        record, wanted = (canonical(seen, pairing, is_reply=False) for seen in (record, wanted))
    assert record == wanted


def asks_for_more(case):
    return isinstance(case, AnswerCase) and isinstance(case.ask, Ask)


def expected(case, pairing, other=None):
    """The reply and the record of a case in one pairing; `other` overrides what it names."""
    def value(name):
        own = getattr(other, name, None)
        return getattr(case, name) if own is None else own

    if isinstance(case, AnswerCase):
        return expand(value(pairing[0]), pairing), asked(case.ask, pairing)
    is_other = pairing[1] == "h2" and value("reply_h2") is not None
    record = value(pairing[1])
    if record == SAME:
        record = case.sent if pairing[0] == "h1" else events_of(case.sent)
    return expand(value("reply_h2" if is_other else "reply"), pairing), record


def replies_in(reply):
    """How many final responses an HTTP/1 client may wait for."""
    return len(FINAL.findall(reply.encode("latin-1"))) if isinstance(reply, str) else 0
