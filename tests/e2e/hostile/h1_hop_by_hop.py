"""Fields of one connection (RFC 9110 section 7.6) and changes of protocol (section 7.8)."""

from . import why
from .cases import (CHUNKED, HIDDEN, LAST, SAME, WEBSOCKET_OFFER, HAProxy, RequestCase, get,
                    pseudo, request, stream)

CASES = (
    # Connection names what goes no further; never what a message cannot do without.
    RequestCase("Connection close", get("Connection: close"), reply=LAST,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END")),
    RequestCase("Connection keep-alive", get("Connection: keep-alive"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END")),
    RequestCase("Connection close and keep-alive", get("Connection: close, keep-alive"),
                reply=LAST, h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                h2=stream("GET", "/", "a", "END")),
    RequestCase("Connection names a field", get("Connection: X-Own", "X-Own: 1", "X-Other: 2"),
                reply=200, h1="GET / HTTP/1.1\r\nHost: a\r\nX-Other: 2\r\n\r\n",
                h2=stream("GET", "/", "a", "x-other: 2", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: X-Own\r\n"
                                   "x-own: 1\r\nx-other: 2\r\n\r\n",
                                h2=stream("GET", "/", "a", "x-own: 1", "x-other: 2", "END"))),
    RequestCase("Connection names a field in other letters",
                get("Connection: x-own", "X-OWN: 1", "X-Own: 2"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: x-own\r\n"
                                   "x-own: 1\r\nx-own: 2\r\n\r\n",
                                h2=stream("GET", "/", "a", "x-own: 1", "x-own: 2", "END"))),
    RequestCase("Connection names a field that comes before",
                get("X-Own: 1", "Connection: close, X-Own"), reply=LAST,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nx-own: 1\r\n"
                                   "connection: X-Own\r\n\r\n",
                                h2=stream("GET", "/", "a", "x-own: 1", "END"))),
    RequestCase("Connection names what is not there", get("Connection: X-None"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: X-None\r\n\r\n")),
    RequestCase("Connection in two fields",
                get("Connection: X-A", "X-A: 1", "X-B: 2", "Connection: X-B"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: X-A\r\nx-a: 1\r\n"
                                   "x-b: 2\r\nconnection: X-B\r\n\r\n",
                                h2=stream("GET", "/", "a", "x-a: 1", "x-b: 2", "END"))),
    RequestCase("Connection with empty members", get("Connection: ,, X-A ,", "X-A: 1"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: ,, X-A \r\n"
                                   "x-a: 1\r\n\r\n", h2=stream("GET", "/", "a", "x-a: 1", "END"))),
    RequestCase("Connection names Host", get("Connection: Host"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Host\r\n\r\n")),
    RequestCase("Connection names Content-Length",
                request("Connection: Content-Length", "Content-Length: 4", body="abcd"), reply=200,
                h1="POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
                h2=stream("POST", "/", "a", "content-length: 4", "DATA abcd", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="POST / HTTP/1.1\r\nhost: a\r\n"
                                   "connection: Content-Length\r\ncontent-length: 4\r\n\r\nabcd")),
    RequestCase("Connection names Transfer-Encoding",
                request("Connection: Transfer-Encoding", CHUNKED, body="4\r\nabcd\r\n0\r\n\r\n"),
                reply=200,
                h1="POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n"
                   "0\r\n\r\n", h2=stream("POST", "/", "a", "DATA abcd", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="POST / HTTP/1.1\r\nhost: a\r\n"
                                   "connection: Transfer-Encoding\r\n"
                                   "transfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n")),
    RequestCase("Connection names Cookie", get("Connection: Cookie", "Cookie: a=b"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n",
                h2=stream("GET", "/", "a", "cookie: a=b", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Cookie\r\n"
                                   "cookie: a=b\r\n\r\n")),
    RequestCase("Connection names Authorization",
                get("Connection: Authorization", "Authorization: x"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\n\r\n",
                h2=stream("GET", "/", "a", "authorization: x", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Authorization\r\n"
                                   "authorization: x\r\n\r\n")),
    RequestCase("Connection names X-Forwarded-For",
                get("Connection: X-Forwarded-For", "X-Forwarded-For: 192.0.2.1"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n",
                h2=stream("GET", "/", "a", "x-forwarded-for: 192.0.2.1", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\n"
                                   "connection: X-Forwarded-For\r\n"
                                   "x-forwarded-for: 192.0.2.1\r\n\r\n")),
    RequestCase("Connection names a pseudo-field", get("Connection: :path"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: :path\r\n\r\n")),
    RequestCase("Connection names itself", get("Connection: Connection"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Connection\r\n\r\n")),
    RequestCase("Connection with a quoted member", get('Connection: "X-A"', "X-A: 1"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n",
                h2=stream("GET", "/", "a", "x-a: 1", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1='GET / HTTP/1.1\r\nhost: a\r\nconnection: "X-A"\r\n'
                                   'x-a: 1\r\n\r\n')),
    RequestCase("Connection with a blank", get("Connection: X A", "X-A: 1"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n",
                h2=stream("GET", "/", "a", "x-a: 1", "END"),
                haproxy=HAProxy(why.CONNECTION_FIELDS,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: X A\r\nx-a: 1\r\n"
                                   "\r\n")),
    RequestCase("Keep-Alive", get("Connection: Keep-Alive", "Keep-Alive: timeout=5, max=1000"),
                reply=200, h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.HOP_BY_HOP,
                                h1="GET / HTTP/1.1\r\nhost: a\r\n"
                                   "keep-alive: timeout=5, max=1000\r\n\r\n")),
    RequestCase("Keep-Alive without Connection", get("Keep-Alive: timeout=5"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.HOP_BY_HOP,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nkeep-alive: timeout=5\r\n\r\n")),
    RequestCase("Proxy-Connection", get("Proxy-Connection: keep-alive"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.HOP_BY_HOP,
                                h1="GET / HTTP/1.1\r\nhost: a\r\n"
                                   "proxy-connection: keep-alive\r\n\r\n")),
    RequestCase("TE trailers", get("Connection: TE", "TE: trailers"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nconnection: TE\r\n\r\n",
                h2=stream("GET", "/", "a", "te: trailers", "END")),
    RequestCase("TE trailers without Connection", get("TE: trailers"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nconnection: TE\r\n\r\n",
                h2=stream("GET", "/", "a", "te: trailers", "END"),
                haproxy=HAProxy(why.TE, h1="GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n")),
    RequestCase("TE of a coding", get("Connection: TE", "TE: gzip"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.HOP_BY_HOP,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: TE\r\n\r\n")),
    RequestCase("TE of a coding and trailers", get("Connection: TE", "TE: gzip;q=0.5, trailers"),
                reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nconnection: TE\r\n\r\n",
                h2=stream("GET", "/", "a", "te: trailers", "END")),
    RequestCase("TE chunked", get("TE: chunked"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END")),
    RequestCase("Trailer without a body", get("Trailer: X-T"), reply=200, h1=SAME,
                h2=stream("GET", "/", "a", "trailer: X-T", "END")),

    # An upgrade that would carry requests past the proxy is not offered to the server.
    RequestCase("Upgrade without Connection", get("Upgrade: websocket"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.HOP_BY_HOP,
                                h1="GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\r\n")),
    RequestCase("Connection upgrade without Upgrade", get("Connection: upgrade"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.UPGRADE_TO_CONNECT,
                                reply_h2="HTTP/1.1 101 \r\nconnection: upgrade\r\nupgrade: \r\n"
                                         "\r\nok",
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n\r\n",
                                h2=stream("CONNECT", "/", "a", ":protocol: ", "END"))),
    RequestCase("Upgrade to h2c",
                get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                    "HTTP2-Settings: AAMAAABkAARAAAAA"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.H2C,
                                reply_h2="HTTP/1.1 101 \r\nconnection: upgrade\r\n"
                                         "upgrade: h2c\r\n\r\nok",
                                h1="GET / HTTP/1.1\r\nhost: a\r\n"
                                   "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
                                   "http2-settings: AAMAAABkAARAAAAA\r\n\r\n",
                                h2=stream("CONNECT", "/", "a", ":protocol: h2c",
                                          "http2-settings: AAMAAABkAARAAAAA", "END"))),
    RequestCase("Upgrade to h2c in upper case",
                get("Connection: upgrade", "Upgrade: H2C", "HTTP2-Settings: AAMAAABkAARAAAAA"),
                reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nHTTP2-Settings: AAMAAABkAARAAAAA\r\n\r\n",
                h2=stream("GET", "/", "a", "http2-settings: AAMAAABkAARAAAAA", "END"),
                haproxy=HAProxy(why.H2C,
                                reply_h2="HTTP/1.1 101 \r\nconnection: upgrade\r\n"
                                         "upgrade: H2C\r\n\r\nok",
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n"
                                   "upgrade: H2C\r\nhttp2-settings: AAMAAABkAARAAAAA\r\n\r\n",
                                h2=stream("CONNECT", "/", "a", ":protocol: H2C",
                                          "http2-settings: AAMAAABkAARAAAAA", "END"))),
    RequestCase("Upgrade to h2c or websocket",
                get("Connection: Upgrade", "Upgrade: h2c, websocket"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.UPGRADE_REFUSED, reply=400, h1="", h2=())),
    RequestCase("Upgrade to h2c in a second field",
                get("Connection: Upgrade", "Upgrade: foo", "Upgrade: h2c"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\n\r\n", h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.H2C,
                                reply_h2="HTTP/1.1 101 \r\nconnection: upgrade\r\n"
                                         "upgrade: h2c\r\n\r\nok",
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n"
                                   "upgrade: foo\r\nupgrade: h2c\r\n\r\n",
                                h2=stream("CONNECT", "/", "a", ":protocol: h2c", "END"))),
    RequestCase("Upgrade to TLS", get("Connection: Upgrade", "Upgrade: TLS/1.0"), reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nUpgrade: TLS/1.0\r\nconnection: upgrade\r\n\r\n",
                h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.UPGRADE_TO_CONNECT,
                                reply_h2="HTTP/1.1 101 \r\nconnection: upgrade\r\n"
                                         "upgrade: TLS/1.0\r\n\r\nok",
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n"
                                   "upgrade: TLS/1.0\r\n\r\n",
                                h2=stream("CONNECT", "/", "a", ":protocol: TLS/1.0", "END"))),
    RequestCase("Upgrade to h2c with a body",
                request("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 4", body="abcd"),
                reply=200, h1="POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
                h2=stream("POST", "/", "a", "content-length: 4", "DATA abcd", "END"),
                haproxy=HAProxy(why.H2C,
                                h1="POST / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n"
                                   "content-length: 4\r\n\r\nabcd")),
    RequestCase("HTTP2-Settings alone", get("HTTP2-Settings: AAMAAABkAARAAAAA"), reply=200,
                h1=SAME, h2=stream("GET", "/", "a", "http2-settings: AAMAAABkAARAAAAA", "END")),
    RequestCase("Upgrade in HTTP 1.0",
                get("Connection: Upgrade", "Upgrade: websocket", line="GET / HTTP/1.0"),
                reply=LAST, h1="GET / HTTP/1.0\r\nHost: a\r\nconnection: keep-alive\r\n\r\n",
                h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.UPGRADE_REFUSED, reply=400, h1="", h2=())),
    RequestCase("Upgrade to websocket that is not taken", get(*WEBSOCKET_OFFER), reply=200,
                reply_h2="HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                         "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                         "connection: upgrade\r\n\r\nok",
                h1="GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "connection: upgrade\r\n\r\n",
                h2=(":method: CONNECT", ":protocol: websocket", ":scheme: http", ":authority: a",
                    ":path: /", "sec-websocket-version: 13", "END"),
                haproxy=HAProxy("It passes a key on that HTTP/2 has no use for (RFC 8441 section "
                                "5).",
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n"
                                   "upgrade: websocket\r\nsec-websocket-version: 13\r\n"
                                   "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                                h2=stream("CONNECT", "/", "a", ":protocol: websocket",
                                          "sec-websocket-version: 13",
                                          "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "END"))),
    RequestCase("Upgrade to websocket of POST",
                request(*WEBSOCKET_OFFER, "Content-Length: 4", body="abcd"), reply=200,
                h1="POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "Content-Length: 4\r\nconnection: upgrade\r\n\r\nabcd",
                h2=stream("POST", "/", "a", "sec-websocket-version: 13",
                          "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "content-length: 4",
                          "DATA abcd", "END"),
                haproxy=HAProxy("It leaves the upgrade out for both, and the fields that belong "
                                "to it in.",
                                h1="POST / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n"
                                   "sec-websocket-version: 13\r\n"
                                   "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                   "content-length: 4\r\n\r\nabcd")),
    RequestCase("Upgrade to websocket with bytes behind", get(*WEBSOCKET_OFFER, body=HIDDEN),
                reply=[200, 200],
                reply_h2="HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                         "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                         "connection: upgrade\r\n\r\nok",
                h1="GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "connection: upgrade\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n",
                h2=(":method: CONNECT", ":protocol: websocket", ":scheme: http", ":authority: a",
                    ":path: /", "sec-websocket-version: 13",
                    "DATA GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n", "END"),
                haproxy=HAProxy("It passes a key on that HTTP/2 has no use for (RFC 8441 section "
                                "5).",
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n"
                                   "upgrade: websocket\r\nsec-websocket-version: 13\r\n"
                                   "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                                   "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n",
                                h2=stream("CONNECT", "/", "a", ":protocol: websocket",
                                          "sec-websocket-version: 13",
                                          "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
                                          "DATA GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n", "END"))),
    RequestCase("Upgrade to something else", get("Connection: Upgrade", "Upgrade: foo/1"),
                reply=200,
                h1="GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/1\r\nconnection: upgrade\r\n\r\n",
                h2=stream("GET", "/", "a", "END"),
                haproxy=HAProxy(why.UPGRADE_TO_CONNECT,
                                reply_h2="HTTP/1.1 101 \r\nconnection: upgrade\r\n"
                                         "upgrade: foo/1\r\n\r\nok",
                                h1="GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n"
                                   "upgrade: foo/1\r\n\r\n",
                                h2=stream("CONNECT", "/", "a", ":protocol: foo/1", "END"))),
)
