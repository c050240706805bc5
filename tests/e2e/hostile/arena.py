"""One proxy between clients and recording servers of both versions, on which cases are played."""

import re

from harness.stage import Stage
from harness import proxies

from . import peers
from .cases import H1_ANSWER, H2_ANSWER, WEBSOCKET_KEY, AnswerCase, Ask, get, h2_get

# Both planes of a pairing in one process: a listener for each version of the server's side. Clients
# choose theirs by what they send.
CONFIG = """
global
    nbthread 1
defaults
    mode http
    timeout connect 3s
    timeout client 3s
    timeout server 1s
    timeout http-request 3s
    http-reuse never
listen to-h1
    bind "127.0.0.1:{h1}"
    server h1 {h1_server}
listen to-h2
    bind "127.0.0.1:{h2}"
    server h2 {h2_server} proto h2
"""


class Arena:
    """Started once, for all cases. One case at a time."""

    def __init__(self, kind):
        self.kind = kind
        self.stage = Stage()
        ports = self.stage.ports
        self._servers = {"h1": self.stage.keep(peers.H1Recorder("h1", ports.free())),
                         "h2": self.stage.keep(peers.H2Recorder("h2", ports.free()))}
        self._ports = {"h1": ports.free(), "h2": ports.free()}
        proxy = proxies.make(kind, self.stage)
        proxy.start(CONFIG.format(**self._ports, h1_server=proxy.at(self._servers["h1"]),
                                  h2_server=proxy.at(self._servers["h2"])))

    def play(self, case, pairing, replies):
        """What the client and what the server have seen.

        replies   how many final responses an HTTP/1 client should wait for
        """
        client, server = pairing
        recorder = self._servers[server]
        if isinstance(case, AnswerCase):
            recorder.begin(case.sent)
            sent = _question(case.ask, client)
        else:
            recorder.begin(H1_ANSWER if server == "h1" else H2_ANSWER)
            sent = case.sent
        if client == "h2":
            reply = peers.ask_h2(self._ports[server], sent)
        else:
            reply = peers.ask_h1(self._ports[server], sent, replies, case.is_cut)
        return reply, _seen(recorder.records(), server)

    def close(self):
        self.stage.close()


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
