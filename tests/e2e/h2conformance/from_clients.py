"""Frames from a client, by section of RFC 9113, and what the proxy must do about them.

Where the RFC lets an endpoint choose between an error of the stream and of the connection, the
table says what we chose. Every case but those that end the connection is followed by a request
that must be served.
"""

from dataclasses import dataclass

from harness.h2frames import (
    ACK, COMPRESSION_ERROR, CONTINUATION, DATA, ENABLE_CONNECT_PROTOCOL, ENABLE_PUSH, END_HEADERS,
    END_STREAM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADERS, HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, MAX_FRAME_SIZE, PADDED, PING, PREFACE, PRIORITY,
    PROTOCOL_ERROR, PUSH_PROMISE, REFUSED_STREAM, RST_STREAM, SETTINGS, STREAM_CLOSED,
    WINDOW_UPDATE, WITH_PRIORITY, data, frame, get, get_fields, headers, integer, literal, post,
    reset, settings, text, u32, window)

# Of the proxy under test: tune.h2.fe.max-concurrent-streams.
STREAMS = 10


@dataclass(frozen=True)
class Case:
    """One case: `sent` follows the preface and SETTINGS, unless it brings a `preface` of its own.

    goaway  the connection ends with that code
    rst     stream 1 is reset with that code
    status  stream 1 is answered, with that status
    replies frames that must come: (kind, flags, stream, payload)
    none of the first three: the stream stays as it is, neither answered nor reset
    """

    name: str
    sent: bytes
    goaway: int = None
    rst: int = None
    status: int = None
    replies: tuple = ()
    preface: bytes = None
    stream: int = 1


BLOCK = literal(*get_fields())
OPEN = post(1)
OPAQUE = b"12345678"
PING_REPLY = (PING, ACK, 0, OPAQUE)
SETTINGS_REPLY = (SETTINGS, ACK, 0, b"")
UNKNOWN = 0x16
LARGEST = 16384
LAST_WINDOW = 0x7FFFFFFF


def ends(name, sent, code, **more):
    return Case(name, sent, goaway=code, **more)


def resets(name, sent, code=PROTOCOL_ERROR, **more):
    return Case(name, sent, rst=code, **more)


def serves(name, sent, status=200, **more):
    return Case(name, sent, status=status, **more)


def ignores(name, sent, **more):
    return Case(name, sent, **more)


def raw(block, flags=END_STREAM | END_HEADERS):
    return headers(1, block, flags)


PREFACES = [
    ends("3.4 no SETTINGS behind the preface", b"", PROTOCOL_ERROR,
         preface=PREFACE + frame(PING, 0, 0, OPAQUE)),
    ends("3.4 HEADERS behind the preface", b"", PROTOCOL_ERROR, preface=PREFACE + get(1)),
    ends("3.4 ACK of SETTINGS behind the preface", b"", PROTOCOL_ERROR,
         preface=PREFACE + frame(SETTINGS, ACK)),
    ends("3.4 SETTINGS of a stream behind the preface", b"", PROTOCOL_ERROR,
         preface=PREFACE + frame(SETTINGS, 0, 1)),
    serves("3.4 request together with the preface", b"",
           preface=PREFACE + settings((HEADER_TABLE_SIZE, 0)) + get(1)),
    serves("3.4 empty SETTINGS behind the preface", settings((HEADER_TABLE_SIZE, 0)) + get(1),
           preface=PREFACE + settings()),
]

FRAMES = [
    ignores("4.1 unknown type on the connection", frame(UNKNOWN, 0xFF, 0, b"abc")),
    ignores("4.1 unknown type on a stream that is idle", frame(UNKNOWN, 0, 9, b"abc")),
    serves("4.1 unknown type on a stream",
           OPEN + frame(UNKNOWN, 0xFF, 1, b"abc") + data(1, b"", END_STREAM)),
    ignores("4.1 unknown flags of PING", frame(PING, 0xFE, 0, OPAQUE), replies=(PING_REPLY,)),
    serves("4.1 unknown flags of HEADERS", headers(1, BLOCK, 0xD2 | END_STREAM | END_HEADERS)),
    serves("4.1 unknown flags of DATA", OPEN + data(1, b"x", 0xF6 | END_STREAM)),
    ignores("4.1 unknown flags of SETTINGS", frame(SETTINGS, 0xFE), replies=(SETTINGS_REPLY,)),
    ignores("4.1 reserved bit", frame(PING, 0, 0x80000000, OPAQUE), replies=(PING_REPLY,)),
    serves("4.1 reserved bit of HEADERS", headers(0x80000001, BLOCK)),
    serves("4.2 DATA of the largest size", OPEN + data(1, b"x" * LARGEST, END_STREAM)),
    ends("4.2 DATA above the largest size", OPEN + data(1, b"x" * (LARGEST + 1)), FRAME_SIZE_ERROR),
    ends("4.2 HEADERS above the largest size", raw(b"x" * (LARGEST + 1)), FRAME_SIZE_ERROR),
    ends("4.2 CONTINUATION above the largest size",
         raw(BLOCK, END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, b"x" * (LARGEST + 1)),
         FRAME_SIZE_ERROR),
    ends("4.2 SETTINGS above the largest size", frame(SETTINGS, 0, 0, b"\0\x99\0\0\0\0" * 2731),
         FRAME_SIZE_ERROR),
    ends("4.2 unknown frame above the largest size", frame(UNKNOWN, 0, 0, b"x" * (LARGEST + 1)),
         FRAME_SIZE_ERROR),
    ends("4.2 HEADERS too short for their priority", frame(HEADERS, 5 | WITH_PRIORITY, 1, b"abc"),
         FRAME_SIZE_ERROR),
    ends("4.3 PING within a block", raw(BLOCK, END_STREAM) + frame(PING, 0, 0, OPAQUE),
         PROTOCOL_ERROR),
    ends("4.3 DATA within a block", raw(BLOCK, 0) + data(1, b"x"), PROTOCOL_ERROR),
    ends("4.3 PRIORITY within a block", raw(BLOCK, 0) + frame(PRIORITY, 0, 3, u32(0) + b"\1"),
         PROTOCOL_ERROR),
    ends("4.3 HEADERS of another stream within a block", raw(BLOCK, END_STREAM) + get(3),
         PROTOCOL_ERROR),
    ends("4.3 RST_STREAM within a block", raw(BLOCK, END_STREAM) + reset(1), PROTOCOL_ERROR),
    ends("5.5 unknown frame within a block", raw(BLOCK, END_STREAM) + frame(UNKNOWN, 0, 1, b""),
         PROTOCOL_ERROR),
]

STATES = [
    ends("5.1 DATA on an idle stream", data(1, b"x"), PROTOCOL_ERROR),
    ends("5.1 RST_STREAM on an idle stream", reset(1), PROTOCOL_ERROR),
    ends("5.1 WINDOW_UPDATE on an idle stream", window(1, 1), PROTOCOL_ERROR),
    ends("5.1 CONTINUATION on an idle stream", frame(CONTINUATION, END_HEADERS, 1, BLOCK),
         PROTOCOL_ERROR),
    ends("5.1 DATA on a stream of the server's side", data(2, b"x"), PROTOCOL_ERROR),
    ends("5.1 WINDOW_UPDATE on a stream of the server's side", window(2, 1), PROTOCOL_ERROR),
    ends("5.1 RST_STREAM on a stream of the server's side", reset(2), PROTOCOL_ERROR),
    ignores("5.1 PRIORITY on an idle stream", frame(PRIORITY, 0, 5, u32(0) + b"\0")),
    ends("5.1 DATA on a half-closed stream", get(1, "/hold") + data(1, b"x"), STREAM_CLOSED),
    ends("5.1 HEADERS on a half-closed stream", get(1, "/hold") + get(1), STREAM_CLOSED),
    ends("5.1 CONTINUATION on a half-closed stream",
         get(1, "/hold") + frame(CONTINUATION, END_HEADERS, 1, BLOCK), PROTOCOL_ERROR),
    serves("5.1 WINDOW_UPDATE on a half-closed stream", get(1) + window(1, 1)),
    serves("5.1 PRIORITY on a half-closed stream", get(1) + frame(PRIORITY, 0, 1, u32(0) + b"\1")),
    ignores("5.1 RST_STREAM on a half-closed stream", get(1, "/hold") + reset(1)),
    # The RFC permits an error and nothing for the next three.
    ignores("5.1 DATA on a stream that was reset", OPEN + reset(1) + data(1, b"x")),
    ignores("5.1 WINDOW_UPDATE on a stream that was reset", OPEN + reset(1) + window(1, 1)),
    ignores("5.1 RST_STREAM on a stream that was reset", OPEN + reset(1) + reset(1)),
    ignores("5.4.2 RST_STREAM is not answered with one", OPEN + reset(1, PROTOCOL_ERROR)),
    ends("5.1.1 HEADERS of an even stream", get(2), PROTOCOL_ERROR),
    ends("5.1.1 HEADERS of a lower stream", get(5) + get(3), PROTOCOL_ERROR),
    serves("5.1.1 streams may be left out", get(7), stream=7),
    serves("5.1.1 the last stream number", get(0x7FFFFFFF), stream=0x7FFFFFFF),
    resets("5.1.2 more streams than allowed",
           b"".join(post(i) for i in range(1, 2 * STREAMS + 2, 2)) + reset(1), REFUSED_STREAM,
           stream=2 * STREAMS + 1),
    # RFC 9113 section 5.3.2 has no use for priorities; RFC 7540 section 5.3.1 calls this an error.
    ends("5.3 a stream that depends on itself",
         headers(1, u32(1) + b"\x10" + BLOCK, 5 | WITH_PRIORITY), PROTOCOL_ERROR),
]

FRAME_TYPES = [
    ends("6.1 DATA on stream 0", data(0, b"x"), PROTOCOL_ERROR),
    ends("6.1 DATA without the length of their padding", OPEN + frame(DATA, PADDED, 1, b""),
         PROTOCOL_ERROR),
    ends("6.1 padding as long as DATA", OPEN + frame(DATA, PADDED, 1, b"\5zzzz"), PROTOCOL_ERROR),
    serves("6.1 padding up to the end of DATA",
           OPEN + frame(DATA, PADDED | END_STREAM, 1, b"\4\0\0\0\0")),
    serves("6.1 padding", OPEN + frame(DATA, PADDED | END_STREAM, 1, b"\2x\0\0")),
    ends("6.2 HEADERS on stream 0", get(0), PROTOCOL_ERROR),
    ends("6.2 HEADERS without the length of their padding", frame(HEADERS, 5 | PADDED, 1, b""),
         PROTOCOL_ERROR),
    ends("6.2 padding longer than HEADERS", frame(HEADERS, 5 | PADDED, 1, b"\xff" + BLOCK),
         PROTOCOL_ERROR),
    serves("6.2 padding of HEADERS", frame(HEADERS, 5 | PADDED, 1, b"\3" + BLOCK + b"\0\0\0")),
    serves("6.2 priority of HEADERS", headers(1, u32(0) + b"\x10" + BLOCK, 5 | WITH_PRIORITY)),
    serves("6.2 priority and padding of HEADERS",
           frame(HEADERS, 5 | PADDED | WITH_PRIORITY, 1, b"\1" + u32(0) + b"\x10" + BLOCK + b"\0")),
    ends("6.3 PRIORITY on stream 0", frame(PRIORITY, 0, 0, u32(1) + b"\0"), PROTOCOL_ERROR),
    ends("6.3 PRIORITY that is too short", OPEN + frame(PRIORITY, 0, 1, b"1234"), FRAME_SIZE_ERROR),
    ends("6.3 PRIORITY that is too long", OPEN + frame(PRIORITY, 0, 1, b"123456"), FRAME_SIZE_ERROR),
    ends("6.4 RST_STREAM on stream 0", reset(0), PROTOCOL_ERROR),
    ends("6.4 RST_STREAM that is too short", OPEN + frame(RST_STREAM, 0, 1, b"123"),
         FRAME_SIZE_ERROR),
    ends("6.4 RST_STREAM that is too long", OPEN + frame(RST_STREAM, 0, 1, b"12345"),
         FRAME_SIZE_ERROR),
    ends("6.5 ACK of SETTINGS with a payload", frame(SETTINGS, ACK, 0, b"\0\4\0\0\0\1"),
         FRAME_SIZE_ERROR),
    ends("6.5 SETTINGS on a stream", frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
    ends("6.5 SETTINGS that end within an entry", frame(SETTINGS, 0, 0, b"12345"), FRAME_SIZE_ERROR),
    ends("6.5.2 ENABLE_PUSH of 2", settings((ENABLE_PUSH, 2)), PROTOCOL_ERROR),
    ignores("6.5.2 ENABLE_PUSH of 1", settings((ENABLE_PUSH, 1)), replies=(SETTINGS_REPLY,)),
    ends("6.5.2 INITIAL_WINDOW_SIZE of 2^31", settings((INITIAL_WINDOW_SIZE, 1 << 31)),
         FLOW_CONTROL_ERROR),
    ignores("6.5.2 INITIAL_WINDOW_SIZE of 2^31-1", settings((INITIAL_WINDOW_SIZE, LAST_WINDOW)),
            replies=(SETTINGS_REPLY,)),
    ends("6.5.2 MAX_FRAME_SIZE below 2^14", settings((MAX_FRAME_SIZE, 16383)), PROTOCOL_ERROR),
    ends("6.5.2 MAX_FRAME_SIZE of 2^24", settings((MAX_FRAME_SIZE, 1 << 24)), PROTOCOL_ERROR),
    ignores("6.5.2 MAX_FRAME_SIZE of 2^24-1", settings((MAX_FRAME_SIZE, (1 << 24) - 1))),
    serves("6.5.2 MAX_CONCURRENT_STREAMS of 0 is about pushes",
           settings((MAX_CONCURRENT_STREAMS, 0)) + get(1)),
    ignores("6.5.2 unknown setting", settings((0xFF, 1)), replies=(SETTINGS_REPLY,)),
    ignores("6.5.3 every SETTINGS is acknowledged", settings() * 3, replies=(SETTINGS_REPLY,) * 3),
    serves("6.5.3 the last of two values counts",
           settings((INITIAL_WINDOW_SIZE, 0), (INITIAL_WINDOW_SIZE, 1000)) + get(1)),
    ends("RFC 8441 3 ENABLE_CONNECT_PROTOCOL of 2", settings((ENABLE_CONNECT_PROTOCOL, 2)),
         PROTOCOL_ERROR),
    ends("6.6 PUSH_PROMISE from a client",
         OPEN + frame(PUSH_PROMISE, END_HEADERS, 1, u32(2) + BLOCK), PROTOCOL_ERROR),
    ends("6.6 PUSH_PROMISE on stream 0", frame(PUSH_PROMISE, END_HEADERS, 0, u32(2) + BLOCK),
         PROTOCOL_ERROR),
    ignores("6.7 PING is answered", frame(PING, 0, 0, OPAQUE), replies=(PING_REPLY,)),
    ignores("6.7 an answer to PING is not answered", frame(PING, ACK, 0, b"unasked!")),
    ends("6.7 PING on a stream", frame(PING, 0, 1, OPAQUE), PROTOCOL_ERROR),
    ends("6.7 PING that is too short", frame(PING, 0, 0, b"123456"), FRAME_SIZE_ERROR),
    ends("6.7 PING that is too long", frame(PING, 0, 0, b"123456789"), FRAME_SIZE_ERROR),
    ends("6.8 GOAWAY on a stream", frame(GOAWAY, 0, 1, u32(0) + u32(0)), PROTOCOL_ERROR),
    ends("6.8 GOAWAY that is too short", frame(GOAWAY, 0, 0, b"1234567"), FRAME_SIZE_ERROR),
    ends("6.9 WINDOW_UPDATE that is too short", frame(WINDOW_UPDATE, 0, 0, b"123"),
         FRAME_SIZE_ERROR),
    ends("6.9 WINDOW_UPDATE that is too long", OPEN + frame(WINDOW_UPDATE, 0, 1, b"12345"),
         FRAME_SIZE_ERROR),
    ends("6.9 the connection's window raised by 0", window(0, 0), PROTOCOL_ERROR),
    ends("6.9 a stream's window raised by 0", OPEN + window(1, 0), PROTOCOL_ERROR),
    serves("6.9 reserved bit of WINDOW_UPDATE", get(1) + window(0, 0x80000001)),
    ends("6.9.1 the connection's window beyond 2^31-1", window(0, LAST_WINDOW), FLOW_CONTROL_ERROR),
    ends("6.9.1 the connection's window beyond 2^31-1 in two steps",
         window(0, LAST_WINDOW - 65535) + window(0, 1), FLOW_CONTROL_ERROR),
    resets("6.9.1 a stream's window beyond 2^31-1", OPEN + window(1, LAST_WINDOW),
           FLOW_CONTROL_ERROR),
    ends("6.9.2 windows raised beyond 2^31-1 by SETTINGS",
         OPEN + window(1, LAST_WINDOW - 65535) + settings((INITIAL_WINDOW_SIZE, 65536)),
         FLOW_CONTROL_ERROR),
    ends("6.10 CONTINUATION behind the end of a block",
         OPEN + frame(CONTINUATION, END_HEADERS, 1, BLOCK), PROTOCOL_ERROR),
    ends("6.10 CONTINUATION behind DATA",
         OPEN + data(1, b"x") + frame(CONTINUATION, END_HEADERS, 1, BLOCK), PROTOCOL_ERROR),
    ends("6.10 CONTINUATION of another stream",
         raw(BLOCK, END_STREAM) + frame(CONTINUATION, END_HEADERS, 3, b""), PROTOCOL_ERROR),
    ends("6.10 CONTINUATION on stream 0",
         raw(BLOCK, END_STREAM) + frame(CONTINUATION, END_HEADERS, 0, b""), PROTOCOL_ERROR),
    serves("6.10 a block in two frames",
           raw(BLOCK[:10], END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, BLOCK[10:])),
    serves("6.10 a block in four frames, of which two are empty",
           raw(BLOCK[:1], END_STREAM) + frame(CONTINUATION, 0, 1, b"") +
           frame(CONTINUATION, 0, 1, BLOCK[1:]) + frame(CONTINUATION, END_HEADERS, 1, b"")),
    serves("7 unknown error codes", OPEN + reset(1, 0xABCDEF) + get(3), stream=3),
]


def with_field(*more):
    return headers(1, get_fields("/", "GET", *more))


def without(name):
    return headers(1, [f for f in get_fields() if f[0] != name])


MESSAGES = [
    serves("8.1 trailers", OPEN + data(1, b"x") + headers(1, [("a", "b")], 5)),
    serves("8.1 a body of empty DATA", OPEN + data(1) + data(1, b"", END_STREAM)),
    resets("8.1 a second head that does not end the stream", OPEN + headers(1, [("a", "b")], 4)),
    resets("8.1 trailers with a pseudo-field", OPEN + headers(1, [(":path", "/")], 5)),
    resets("8.1.1 DATA beyond content-length", post(1, "/", ("content-length", "1")) +
           data(1, b"xy")),
    resets("8.1.1 DATA short of content-length", post(1, "/", ("content-length", "3")) +
           data(1, b"xy", END_STREAM)),
    resets("8.1.1 no DATA and a content-length", with_field(("content-length", "1"))),
    serves("8.1.1 DATA as content-length says", post(1, "/", ("content-length", "2")) +
           data(1, b"x") + data(1, b"y", END_STREAM)),
    resets("8.2.1 upper case in a name", with_field(("X-Upper", "1"))),
    resets("8.2.1 blank in a name", with_field(("a b", "1"))),
    resets("8.2.1 control character in a name", with_field(("a\x01", "1"))),
    resets("8.2.1 DEL in a name", with_field(("a\x7f", "1"))),
    resets("8.2.1 byte above ASCII in a name", with_field(("\xe4", "1"))),
    resets("8.2.1 colon within a name", with_field(("a:b", "1"))),
    resets("8.2.1 empty name", with_field(("", "1"))),
    resets("8.2.1 NUL in a value", with_field(("a", "b\0c"))),
    resets("8.2.1 CR in a value", with_field(("a", "b\rc"))),
    resets("8.2.1 LF in a value", with_field(("a", "b\nc"))),
    resets("8.2.1 blank before a value", with_field(("a", " b"))),
    resets("8.2.1 tab behind a value", with_field(("a", "b\t"))),
    serves("8.2.1 empty value", with_field(("a", ""))),
    *(resets(f"8.2.2 {name}", with_field((name, value))) for name, value in [
        ("connection", "keep-alive"), ("proxy-connection", "keep-alive"), ("keep-alive", "1"),
        ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("te", "gzip")]),
    serves("8.2.2 te: trailers", with_field(("te", "trailers"))),
    resets("8.3 unknown pseudo-field", with_field((":unknown", "1"))),
    resets("8.3 pseudo-field of responses", with_field((":status", "200"))),
    resets("8.3 pseudo-field behind a field",
           headers(1, [("a", "b"), *get_fields()])),
    *(resets(f"8.3.1 {name} twice", headers(1, [*get_fields(), field]))
      for name, field in ((f[0], f) for f in get_fields())),
    *(resets(f"8.3.1 no {name}", without(name)) for name in (":method", ":scheme", ":path")),
    resets("8.3.1 empty :path", headers(1, get_fields(""))),
    resets("8.3.1 :authority that is not host", with_field(("host", "other"))),
    resets("8.5 CONNECT with :scheme and :path", headers(1, get_fields("/", "CONNECT"), 4)),
    resets("8.5 CONNECT without :authority", headers(1, [(":method", "CONNECT")], 4)),
    resets("RFC 8441 4 :protocol without CONNECT", with_field((":protocol", "websocket"))),
    resets("RFC 8441 4 extended CONNECT without :path",
           headers(1, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"),
                       (":authority", "h")], 4)),
]

GET_INDEXED = b"\x82\x86\x84\x01" + text("h")  # GET, http, /, and an authority

HPACK = [
    serves("RFC 7541 2.3.1 fields of the static table", raw(GET_INDEXED)),
    serves("RFC 7541 2.3.2 a field that was put into the table",
           raw(GET_INDEXED + b"\x40" + text("a") + text("b") + b"\xbe")),
    ends("RFC 7541 2.3.3 index beyond the tables", raw(GET_INDEXED + b"\xbe"), COMPRESSION_ERROR),
    ends("RFC 7541 2.3.3 index far beyond the tables", raw(GET_INDEXED + integer(5000, 7, 0x80)),
         COMPRESSION_ERROR),
    ends("RFC 7541 2.3.3 name by an index beyond the tables",
         raw(GET_INDEXED + integer(70, 4) + text("x")), COMPRESSION_ERROR),
    ends("RFC 7541 6.1 index 0", raw(GET_INDEXED + b"\x80"), COMPRESSION_ERROR),
    serves("RFC 7541 4.2 two changes of the table's size",
           raw(b"\x20" + integer(4096, 5, 0x20) + GET_INDEXED)),
    ends("RFC 7541 4.2 change of the table's size behind a field", raw(GET_INDEXED + b"\x20"),
         COMPRESSION_ERROR),
    ends("RFC 7541 6.3 table larger than the setting", raw(integer(4097, 5, 0x20) + GET_INDEXED),
         COMPRESSION_ERROR),
    ends("RFC 7541 4.3 a field that left the table with a change of its size",
         raw(GET_INDEXED + b"\x40" + text("a") + text("b")) + headers(3, b"\x20\xbe" + GET_INDEXED),
         COMPRESSION_ERROR),
    ends("RFC 7541 4.4 a field that was too large for the table",
         raw(GET_INDEXED + b"\x40" + text("a") + text("b" * 4096) + b"\xbe"), COMPRESSION_ERROR),
    ends("RFC 7541 5.1 integer that overflows",
         raw(GET_INDEXED + b"\xff" + b"\xff" * 10 + b"\x7f"), COMPRESSION_ERROR),
    ends("RFC 7541 5.1 integer that does not end", raw(GET_INDEXED + b"\xff\x80"),
         COMPRESSION_ERROR),
    ends("RFC 7541 5.2 name longer than the block", raw(GET_INDEXED + b"\0\5ab"), COMPRESSION_ERROR),
    ends("RFC 7541 5.2 no value", raw(GET_INDEXED + b"\0\1a"), COMPRESSION_ERROR),
    ends("RFC 7541 5.2 EOS", raw(GET_INDEXED + b"\0\1a\x84\xff\xff\xff\xff"), COMPRESSION_ERROR),
    ends("RFC 7541 5.2 padding of eight bits", raw(GET_INDEXED + b"\0\1a\x83\x1f\xff\xff"),
         COMPRESSION_ERROR),
    ends("RFC 7541 5.2 padding of zeroes", raw(GET_INDEXED + b"\0\1a\x81\x18"), COMPRESSION_ERROR),
    serves("RFC 7541 5.2 Huffman", raw(GET_INDEXED + b"\0\1a\x81\x1f")),
    serves("RFC 7541 6.2.3 literal that is never indexed",
           raw(GET_INDEXED + b"\x10" + text("a") + text("b"))),
    ends("RFC 7541 2.2 a table that a malformed request has filled stays in step",
         raw(GET_INDEXED + b"\x40" + text("A") + text("b")) + headers(3, GET_INDEXED + b"\xbf"),
         COMPRESSION_ERROR),
]

GROUPS = {"prefaces": PREFACES, "frames": FRAMES, "states": STATES, "frame types": FRAME_TYPES,
          "messages": MESSAGES, "hpack": HPACK}
