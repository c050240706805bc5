"""Frames from a server to the proxy, which is its client: what the server is told, and what the
client of the proxy gets. Every case has a connection to the server for itself.
"""

from dataclasses import dataclass

from harness.h2frames import (
    ACK, COMPRESSION_ERROR, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM,
    FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADERS, HEADER_TABLE_SIZE, HTTP_1_1_REQUIRED,
    INITIAL_WINDOW_SIZE, INTERNAL_ERROR, MAX_FRAME_SIZE, NO_ERROR, PADDED, PING, PROTOCOL_ERROR,
    PUSH_PROMISE, REFUSED_STREAM, RST_STREAM, SETTINGS, WINDOW_UPDATE, WITH_PRIORITY, data, frame,
    goaway, headers, integer, literal, reset, settings, text, u32, window)

CUT = "cut"  # the client's response ends in its middle


@dataclass(frozen=True)
class Case:
    """One case. The server sends `sent` once it has the request, on stream 1.

    opening what it sends first, in place of SETTINGS
    client  the status the client gets, or CUT
    body    the body the client gets, if that matters
    goaway  the code of the proxy's GOAWAY; NO_ERROR also stands for none
    rst     the code with which the proxy resets stream 1
    """

    name: str
    sent: bytes
    client: object = 502
    goaway: int = NO_ERROR
    rst: int = None
    body: bytes = None
    opening: bytes = settings((HEADER_TABLE_SIZE, 0))
    method: str = "GET"


def head(*fields, status="200", flags=END_HEADERS):
    return headers(1, [(":status", status), *fields], flags)


def answer(body=b"ok", *fields, status="200"):
    return head(*fields, status=status) + data(1, body, END_STREAM)


OK = answer()
BLOCK = literal((":status", "200"))
UNKNOWN = 0x16
LARGEST = 16384
LAST_WINDOW = 0x7FFFFFFF
PROMISED = literal((":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", "/"))


def ends(name, sent, code=PROTOCOL_ERROR, **more):
    """The connection ends before there was a response."""
    return Case(name, sent, goaway=code, **more)


def malformed(name, sent, **more):
    """The stream is reset before there was a response."""
    return Case(name, sent, rst=PROTOCOL_ERROR, **more)


def serves(name, sent, client=200, **more):
    return Case(name, sent, client=client, **more)


def raw(block, flags=END_STREAM | END_HEADERS):
    return headers(1, block, flags)


CONNECTION = [
    ends("3.4 HTTP/1.1 in place of SETTINGS", b"",
         opening=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    ends("3.4 PING in place of SETTINGS", b"", opening=frame(PING, 0, 0, b"12345678")),
    ends("3.4 ACK of SETTINGS in place of SETTINGS", b"", opening=frame(SETTINGS, ACK)),
    serves("3.4 SETTINGS that come after the request", settings() + OK, opening=b""),
    serves("4.1 unknown frame", frame(UNKNOWN, 0xFF, 1, b"abc") + OK),
    serves("4.1 unknown flags", head(flags=0xD2 | END_HEADERS) + data(1, b"ok", 0xF6 | END_STREAM)),
    ends("4.2 HEADERS above the largest size", raw(b"x" * (LARGEST + 1)), FRAME_SIZE_ERROR),
    ends("4.2 unknown frame above the largest size", frame(UNKNOWN, 0, 0, b"x" * (LARGEST + 1)),
         FRAME_SIZE_ERROR),
    ends("4.2 CONTINUATION above the largest size",
         raw(BLOCK, 0) + frame(CONTINUATION, END_HEADERS, 1, b"x" * (LARGEST + 1)),
         FRAME_SIZE_ERROR),
    Case("4.2 DATA above the largest size", head() + data(1, b"x" * (LARGEST + 1)), client=CUT,
         goaway=FRAME_SIZE_ERROR),
    ends("4.3 PING within a block", raw(BLOCK, 0) + frame(PING, 0, 0, b"12345678")),
    ends("4.3 DATA within a block", raw(BLOCK, 0) + data(1, b"x")),
    ends("5.1 DATA on an idle stream", data(3, b"x")),
    ends("5.1 RST_STREAM on an idle stream", reset(3)),
    ends("5.1 WINDOW_UPDATE on an idle stream", window(3, 1)),
    ends("5.1.1 HEADERS on a stream that was not opened", headers(3, BLOCK)),
    ends("5.1.1 HEADERS on a stream of the server's side", headers(2, BLOCK)),
    ends("5.1 DATA on a stream of the server's side", data(2, b"x")),
    ends("6.1 DATA on stream 0", data(0, b"x")),
    Case("6.1 padding as long as DATA", head() + frame(DATA, PADDED, 1, b"\5zzzz"), client=CUT,
         goaway=PROTOCOL_ERROR),
    serves("6.1 padding", head() + frame(DATA, PADDED | END_STREAM, 1, b"\2ok\0\0"), body=b"ok"),
    ends("6.2 HEADERS on stream 0", headers(0, BLOCK)),
    serves("6.2 padding and priority of HEADERS",
           frame(HEADERS, 5 | PADDED | WITH_PRIORITY, 1, b"\1" + u32(0) + b"\x10" + BLOCK + b"\0")),
    ends("6.4 RST_STREAM on stream 0", reset(0)),
    ends("6.4 RST_STREAM that is too short", frame(RST_STREAM, 0, 1, b"123"), FRAME_SIZE_ERROR),
    ends("6.5 SETTINGS on a stream", frame(SETTINGS, 0, 1)),
    ends("6.5 SETTINGS that end within an entry", frame(SETTINGS, 0, 0, b"12345"),
         FRAME_SIZE_ERROR),
    ends("6.5 ACK of SETTINGS with a payload", frame(SETTINGS, ACK, 0, b"123456"),
         FRAME_SIZE_ERROR),
    ends("6.5.2 ENABLE_PUSH of 1 from a server", b"", opening=settings((ENABLE_PUSH, 1))),
    serves("6.5.2 ENABLE_PUSH of 0 from a server", OK, opening=settings((ENABLE_PUSH, 0))),
    ends("6.5.2 ENABLE_PUSH of 2", b"", opening=settings((ENABLE_PUSH, 2))),
    ends("6.5.2 INITIAL_WINDOW_SIZE of 2^31", b"", FLOW_CONTROL_ERROR,
         opening=settings((INITIAL_WINDOW_SIZE, 1 << 31))),
    ends("6.5.2 MAX_FRAME_SIZE below 2^14", b"", opening=settings((MAX_FRAME_SIZE, 100))),
    ends("6.5.2 MAX_FRAME_SIZE of 2^24", b"", opening=settings((MAX_FRAME_SIZE, 1 << 24))),
    serves("6.5.2 unknown setting", OK, opening=settings((0xABC, 1))),
    ends("6.6 PUSH_PROMISE", frame(PUSH_PROMISE, END_HEADERS, 1, u32(2) + PROMISED)),
    ends("6.6 PUSH_PROMISE on stream 0", frame(PUSH_PROMISE, END_HEADERS, 0, u32(2) + PROMISED)),
    ends("6.7 PING on a stream", frame(PING, 0, 1, b"12345678")),
    ends("6.7 PING that is too short", frame(PING, 0, 0, b"1"), FRAME_SIZE_ERROR),
    ends("6.8 GOAWAY on a stream", frame(GOAWAY, 0, 1, u32(1) + u32(0))),
    ends("6.8 GOAWAY that is too short", frame(GOAWAY, 0, 0, b"1234567"), FRAME_SIZE_ERROR),
    serves("6.8 GOAWAY behind which the response comes", goaway(1) + OK, body=b"ok"),
    Case("6.8 GOAWAY that leaves the request out", goaway(0)),
    serves("6.8 two GOAWAYs", goaway(LAST_WINDOW) + goaway(1) + OK, body=b"ok"),
    ends("6.9 WINDOW_UPDATE that is too short", frame(WINDOW_UPDATE, 0, 0, b"123"),
         FRAME_SIZE_ERROR),
    ends("6.9 the connection's window raised by 0", window(0, 0)),
    ends("6.9 a stream's window raised by 0", window(1, 0)),
    ends("6.9.1 the connection's window beyond 2^31-1", window(0, LAST_WINDOW), FLOW_CONTROL_ERROR),
    Case("6.9.1 a stream's window beyond 2^31-1", window(1, LAST_WINDOW), rst=FLOW_CONTROL_ERROR),
    ends("6.10 CONTINUATION without HEADERS", frame(CONTINUATION, END_HEADERS, 1, BLOCK)),
    ends("6.10 CONTINUATION of another stream",
         raw(BLOCK, 0) + frame(CONTINUATION, END_HEADERS, 3, b"")),
    serves("6.10 a block in two frames",
           raw(BLOCK[:3], END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, BLOCK[3:])),
]

STREAMS = [
    Case("5.4.2 RST_STREAM before the response", reset(1, INTERNAL_ERROR)),
    Case("5.4.2 RST_STREAM within the response",
         head(("content-length", "4")) + data(1, b"ok") + reset(1, INTERNAL_ERROR), client=CUT),
    serves("8.1 RST_STREAM behind the response", OK + reset(1, NO_ERROR), body=b"ok"),
    Case("8.7 REFUSED_STREAM on a new connection", reset(1, REFUSED_STREAM)),
    Case("7 HTTP_1_1_REQUIRED", reset(1, HTTP_1_1_REQUIRED)),
    serves("8.1 informational heads", head(status="103") + head(status="100") + OK, body=b"ok"),
    serves("8.1 trailers", head() + data(1, b"ok") + headers(1, [("a", "b")], 5), body=b"ok"),
    malformed("8.1 an informational head that ends the stream", head(status="103", flags=5)),
    ends("8.1 DATA before the head", data(1, b"x")),
    malformed("8.1 DATA behind an informational head", head(status="103") + data(1, b"x")),
    Case("8.1 a second head that does not end the stream", head() + data(1, b"x") + head(),
         client=CUT, rst=PROTOCOL_ERROR),
    Case("8.1 trailers with a pseudo-field",
         head() + data(1, b"x") + headers(1, [(":status", "200")], 5), client=CUT,
         rst=PROTOCOL_ERROR),
    Case("8.1.1 DATA beyond content-length", head(("content-length", "1")) + data(1, b"xy"),
         client=CUT, rst=PROTOCOL_ERROR),
    Case("8.1.1 DATA short of content-length",
         head(("content-length", "3")) + data(1, b"xy", END_STREAM), client=CUT,
         rst=PROTOCOL_ERROR),
    malformed("8.1.1 a content-length that is none", answer(b"", ("content-length", "x"))),
    malformed("8.1.1 content-length twice",
              answer(b"ok", ("content-length", "2"), ("content-length", "2"))),
    malformed("8.1.1 head that ends the stream, with a content-length",
              head(("content-length", "2"), flags=5)),
    serves("8.1.1 content-length in the answer to HEAD", head(("content-length", "2"), flags=5),
           method="HEAD"),
    serves("8.1.1 content-length of a 304", head(("content-length", "2"), status="304", flags=5),
           client=304),
    malformed("8.2.1 upper case in a name", answer(b"ok", ("X-Upper", "1"))),
    malformed("8.2.1 CR in a value", answer(b"ok", ("a", "b\rc"))),
    malformed("8.2.1 LF in a value", answer(b"ok", ("a", "b\r\nset-cookie: x"))),
    malformed("8.2.1 NUL in a value", answer(b"ok", ("a", "b\0"))),
    malformed("8.2.1 blank in a name", answer(b"ok", ("a b", "1"))),
    malformed("8.2.1 colon in a name", answer(b"ok", ("a:b", "1"))),
    malformed("8.2.2 connection", answer(b"ok", ("connection", "close"))),
    malformed("8.2.2 transfer-encoding", answer(b"ok", ("transfer-encoding", "chunked"))),
    malformed("8.3 pseudo-field of requests", answer(b"ok", (":path", "/"))),
    malformed("8.3 unknown pseudo-field", answer(b"ok", (":x", "/"))),
    malformed("8.3 pseudo-field behind a field",
              headers(1, [("a", "b"), (":status", "200")], 5)),
    malformed("8.3.2 no :status", headers(1, [("a", "b")], 5)),
    malformed("8.3.2 :status twice", headers(1, [(":status", "200"), (":status", "200")], 5)),
    malformed("8.3.2 :status of two digits", head(status="20", flags=5)),
    malformed("8.3.2 :status that is none", head(status="2xx", flags=5)),
    malformed("8.3.2 :status of four digits", head(status="2000", flags=5)),
    malformed("8.6 status 101", head(status="101")),
]

HPACK = [
    serves("RFC 7541 2.3.2 a field that was put into the table",
           raw(b"\x88\x40" + text("a") + text("b") + b"\xbe")),
    ends("RFC 7541 2.3.3 index beyond the tables", raw(b"\x88\xff\x20"), COMPRESSION_ERROR),
    ends("RFC 7541 6.1 index 0", raw(b"\x88\x80"), COMPRESSION_ERROR),
    ends("RFC 7541 4.2 change of the table's size behind a field", raw(b"\x88\x20"),
         COMPRESSION_ERROR),
    ends("RFC 7541 6.3 table larger than the setting", raw(integer(4097, 5, 0x20) + b"\x88"),
         COMPRESSION_ERROR),
    ends("RFC 7541 5.1 integer that overflows", raw(b"\x88\xff" + b"\xff" * 10 + b"\x7f"),
         COMPRESSION_ERROR),
    ends("RFC 7541 5.2 name longer than the block", raw(b"\x88\0\5ab"), COMPRESSION_ERROR),
    ends("RFC 7541 5.2 EOS", raw(b"\x88\0\1a\x84\xff\xff\xff\xff"), COMPRESSION_ERROR),
    ends("RFC 7541 5.2 padding of zeroes", raw(b"\x88\0\1a\x81\x18"), COMPRESSION_ERROR),
]

CASES = CONNECTION + STREAMS + HPACK
