"""One proxy between clients and recording servers of both versions, on which cases are played."""

import re

from harness.stage import Stage
from harness import proxies

from . import peers
from .cases import H1_ANSWER, H2_ANSWER, WEBSOCKET_KEY, AnswerCase, Ask, get, h2_get

# All pairings in one process: a listener for each version of the server's side, and one more each,
# whose connections to servers are used again by whoever comes. Clients choose theirs by what they
# send.
CONFIG = """
global
    nbthread 1
defaults
    mode http
    timeout connect 3s
    timeout client 3s
    timeout server 1s
    timeout http-request 3s
"""
LISTENER = """
listen {name}
    bind "127.0.0.1:{port}"
    http-reuse {reuse}
    server one {server}
"""


class Arena:
    """Started once, for all cases. One case at a time."""

    def __init__(self, kind):
        self.stage = Stage()
        proxy = proxies.make(kind, self.stage)
        self._listeners = {}
        config = CONFIG
        for reuse in ("never", "always"):
            for version, recorder in (("h1", peers.H1Recorder), ("h2", peers.H2Recorder)):
                port = self.stage.port()
                server = self.stage.keep(recorder(version, self.stage.port()))
                self._listeners[version, reuse] = port, server
                words = proxy.at(server) + (" proto h2" if version == "h2" else "")
                config += LISTENER.format(name=f"{version}-{reuse}", port=port, reuse=reuse,
                                          server=words)
        proxy.start(config)

    def play(self, case, pairing, replies):
        """What the client and what the server have seen.

        replies   how many final responses an HTTP/1 client should wait for
        """
        port, server = self._listeners[pairing[1], "never"]
        reply = _play(case, pairing, port, server, replies)
        return reply, _seen(server.records(), pairing[1])

    def play_before_another(self, case, pairing, replies):
        """What another client gets for a plain request that comes after the case."""
        port, server = self._listeners[pairing[1], "always"]
        _play(case, pairing, port, server, replies)
        server.begin(_usual_answer(pairing[1]))
        return _send(_question("GET", pairing[0]), pairing[0], port, replies=1)

    def close(self):
        self.stage.close()


def _play(case, pairing, port, server, replies):
    client, version = pairing
    is_answer = isinstance(case, AnswerCase)
    server.begin(case.sent if is_answer else _usual_answer(version))
    sent = _question(case.ask, client) if is_answer else case.sent
    return _send(sent, client, port, replies, case.is_cut)


def _send(sent, client, port, replies, is_cut=False):
    if client == "h2":
        return peers.ask_h2(port, sent)
    return peers.ask_h1(port, sent, replies, is_cut)


def _usual_answer(version):
    return H1_ANSWER if version == "h1" else H2_ANSWER


def _question(ask, client):
    """The request for an answer: a method, or an Ask."""
    if isinstance(ask, Ask):
        return ask.h1 if client == "h1" else ask.h2
    return get(line=f"{ask} / HTTP/1.1") if client == "h1" else h2_get(method=ask)


def _seen(records, server):
    """What the tables compare. A key that the proxy has made up is told as KEY."""
    if server == "h1":
        text = "".join(record if isinstance(record, str) else record.decode("latin-1")
                       for record in records)
        return re.sub(f"(?i)(sec-websocket-key: )(?!{WEBSOCKET_KEY})[^\r]*", r"\1KEY", text)
    return tuple(event for record in records
                 for event in ((record,) if isinstance(record, str) else record.events()))
