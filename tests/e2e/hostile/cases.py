"""What a case is, and the words in which the tables say what goes in and what comes out.

A case is one input, sent by a client (RequestCase) or by a server (AnswerCase), and what is seen at
the other end, once for a peer that speaks HTTP/1 there (`h1`) and once for HTTP/2 (`h2`): the four
pairings of versions. Where HAProxy does otherwise, `haproxy` says what and why.

Seen over HTTP/1: a text of exactly the bytes, read as latin-1. Seen over HTTP/2: the events of the
streams (h2wire.py). A number stands for a reply of status 200 as the servers give it, or for the
proxy's own page of that status; a list for replies one after the other.
"""

from dataclasses import dataclass
from typing import Any, Optional

from .h2wire import Data, Head, Reset

# What a server answers in cases that are about requests.
H1_ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
H2_ANSWER = (Head((":status: 200", "content-length: 2")), Data("ok", end=True))

# The usual reply, with "connection: close".
LAST = "last"
# Seen as it was sent.
SAME = "same"
WEBSOCKET_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
WEBSOCKET_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
WEBSOCKET_OFFER = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                   f"Sec-WebSocket-Key: {WEBSOCKET_KEY}")

RESET = ("RST PROTOCOL_ERROR",)
NOTHING_H1 = ""
NOTHING_H2 = ()


@dataclass(frozen=True)
class Upto:
    """A request that is given up: a server sees the beginning of this, cut anywhere, or nothing."""

    seen: Any


@dataclass(frozen=True)
class HAProxy:
    """What HAProxy 2.6 does otherwise; what is not given is as with us.

    skip   it is not played there: it does not do the same each time, or does not survive it
    """

    why: str
    skip: bool = False
    reply: Any = None
    h1: Any = None
    h2: Any = None
    reply_h2: Any = None


@dataclass(frozen=True)
class RequestCase:
    """A request, and what comes back and arrives at a server of either version.

    sent      text for HTTP/1, frames for HTTP/2
    reply     what the client gets; `reply_h2` where it is another with an HTTP/2 server
    h1, h2    what the server sees; nothing, unless said. SAME: what was sent
    is_cut    the client ends its side in the middle of a message
    """

    name: str
    sent: Any
    reply: Any
    h1: Any = NOTHING_H1
    h2: Any = NOTHING_H2
    reply_h2: Any = None
    is_cut: bool = False
    haproxy: Optional[HAProxy] = None

    @property
    def pairings(self):
        own = "h1" if isinstance(self.sent, str) else "h2"
        return ((own, "h1"), (own, "h2"))


@dataclass(frozen=True)
class Ask:
    """What is asked for an answer by a client of either version.

    seen   what a server sees of it in each pairing, but for the end of a tunnel
    """

    h1: str
    h2: tuple
    seen: dict


@dataclass(frozen=True)
class AnswerCase:
    """A server's answer to `ask`, a method or an Ask, and what clients see of it.

    sent      for peers.H1Recorder (text) or peers.H2Recorder (frames)
    h1, h2    what the client sees
    """

    name: str
    sent: Any
    h1: Any
    h2: Any
    ask: Any = "GET"
    haproxy: Optional[HAProxy] = None
    is_cut = False

    @property
    def pairings(self):
        own = "h1" if isinstance(self.sent, str) else "h2"
        return (("h1", own), ("h2", own))


def request(*fields, line="POST / HTTP/1.1", host="Host: a", body=""):
    """The text of an HTTP/1 request: its line, Host, `fields`, the empty line, `body`."""
    lines = [line, *([host] if host else []), *fields]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def get(*fields, line="GET / HTTP/1.1", host="Host: a", body=""):
    return request(*fields, line=line, host=host, body=body)


# A request that a smuggler would hide behind another.
HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"


def pseudo(method="GET", path="/", authority="a", scheme="http"):
    return (f":method: {method}", f":scheme: {scheme}", f":authority: {authority}",
            f":path: {path}")


def h2_get(*fields, method="GET", path="/", authority="a", scheme="http", end=True):
    """One HTTP/2 request without a body."""
    return (Head(pseudo(method, path, authority, scheme) + fields, end=end),)


def h2_post(*fields, body="abcd", trailers=None, path="/"):
    """One HTTP/2 request with a body, and maybe trailers."""
    head = Head(pseudo("POST", path) + fields)
    if trailers is None:
        return (head, Data(body, end=True))
    return (head, Data(body), Head(tuple(trailers), end=True))


def stream(method, path, authority, *events):
    """The events of a request at a server."""
    return pseudo(method, path, authority) + events


# The same of a client of HTTP/2 (RFC 8441).
H2_WEBSOCKET_OFFER = (
    Head(pseudo("CONNECT") + (":protocol: websocket", "sec-websocket-version: 13")),
    Data(end=True))


def asked(ask, pairing):
    """What a server sees of a question: a method's name, or an Ask."""
    if isinstance(ask, Ask):
        return ask.seen[pairing]
    if pairing[1] == "h2":
        return stream(ask, "/", "a", "END")
    return get(line=f"{ask} / HTTP/1.1", host="Host: a" if pairing[0] == "h1" else "host: a")


def events_of(frames):
    """What a server sees of HTTP/2 frames that are passed on as they are."""
    out = []
    for item in frames:
        if isinstance(item, Head):
            is_head = any(isinstance(field, str) and field.startswith(":") for field in item.fields)
            out += [("" if is_head else "+") + (text if isinstance(text, str) else ": ".join(text))
                    for text in item.fields]
        elif isinstance(item, Reset):
            out.append("RST " + item.code)
        elif item.text:
            out.append("DATA " + item.text)
        if getattr(item, "end", False):
            out.append("END")
    return tuple(out)
