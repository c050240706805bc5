"""What clients ask for answers that a plain request does not bring, and what servers see of it."""

from .cases import (H2_WEBSOCKET_OFFER, WEBSOCKET_KEY, WEBSOCKET_OFFER, Ask, Upto, get, h2_get,
                    pseudo, request, stream)
from .h2wire import Data, Head

_OFFER_SEEN = pseudo("CONNECT")[:1] + (":protocol: websocket",) + pseudo("CONNECT")[1:] + (
    "sec-websocket-version: 13",)

WEBSOCKET = Ask(
    h1=get(*WEBSOCKET_OFFER),
    h2=H2_WEBSOCKET_OFFER,
    seen={("h1", "h1"): get("Upgrade: websocket", "Sec-WebSocket-Version: 13",
                            f"Sec-WebSocket-Key: {WEBSOCKET_KEY}", "connection: upgrade"),
          ("h2", "h1"): get("sec-websocket-version: 13", "upgrade: websocket",
                            "sec-websocket-key: KEY", "connection: upgrade", host="host: a"),
          ("h1", "h2"): _OFFER_SEEN,
          ("h2", "h2"): _OFFER_SEEN})

CONNECT = Ask(
    h1=get(line="CONNECT a:80 HTTP/1.1"),
    h2=(Head((":method: CONNECT", ":authority: a:80")), Data(end=True)),
    seen={("h1", "h1"): get(line="CONNECT a:80 HTTP/1.1"),
          ("h2", "h1"): get(line="CONNECT a:80 HTTP/1.1", host="host: a:80"),
          ("h1", "h2"): (":method: CONNECT", ":authority: a:80"),
          ("h2", "h2"): (":method: CONNECT", ":authority: a:80")})

# In HTTP/2 there is no second reply that the first could be followed by.
TWO_GETS = Ask(
    h1=get() + get(line="GET /2 HTTP/1.1"),
    h2=h2_get(),
    seen={("h1", "h1"): get() + get(line="GET /2 HTTP/1.1"),
          ("h2", "h1"): get(host="host: a")})

LONG_POST = Ask(
    h1=request("Content-Length: 8", body="abcd"),
    h2=(Head(pseudo("POST")), Data("abcd")),
    seen={("h1", "h1"): Upto(request("Content-Length: 8", body="abcd")),
          ("h2", "h1"): Upto(request("transfer-encoding: chunked", host="host: a",
                                     body="4\r\nabcd\r\n")),
          ("h1", "h2"): Upto(stream("POST", "/", "a", "content-length: 8", "DATA abcd")),
          ("h2", "h2"): Upto(stream("POST", "/", "a", "DATA abcd"))})
