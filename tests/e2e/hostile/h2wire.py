"""HTTP/2 frames made by hand, so that nothing on the test's side makes an input any better, and
frames received, as lists of short texts.

A stream is told as its events in order:
    ":status: 200"     a field of a head, in the order it came
    "DATA abc"         what DATA frames carried, those that follow each other joined
    "+name: value"     a field of trailers (a block of fields behind the head)
    "END"              END_STREAM
    "RST CANCEL"       RST_STREAM, with the name of its code
Texts are bytes read as latin-1.
"""

import struct
from dataclasses import dataclass, field

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_FRAME = 16384

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM = ACK = 1
END_HEADERS = 4
PADDED = 8
PRIORITY = 0x20
ENABLE_CONNECT_PROTOCOL = 8

ERRORS = ("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
          "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
          "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED")


@dataclass(frozen=True)
class Head:
    """A block of fields: "name: value", or (name, value) where that would not be clear."""

    fields: tuple
    end: bool = False
    stream: int = 1


@dataclass(frozen=True)
class Data:
    text: str = ""
    end: bool = False
    stream: int = 1


@dataclass(frozen=True)
class Reset:
    code: str = "CANCEL"
    stream: int = 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream) + payload


def encode(item, stream=None):
    """The bytes of a Head, a Data or a Reset, on `stream` or on its own."""
    stream = stream or item.stream
    if isinstance(item, Data):
        return frame(DATA, END_STREAM if item.end else 0, stream, item.text.encode("latin-1"))
    if isinstance(item, Reset):
        return frame(RST_STREAM, 0, stream, struct.pack(">I", ERRORS.index(item.code)))
    block = b"".join(_literal(*split_field(text)) for text in item.fields)
    pieces = [block[at:at + MAX_FRAME] for at in range(0, len(block), MAX_FRAME)] or [b""]
    out = b""
    for index, piece in enumerate(pieces):
        flags = END_HEADERS if index == len(pieces) - 1 else 0
        if index == 0 and item.end:
            flags |= END_STREAM
        out += frame(CONTINUATION if index else HEADERS, flags, stream, piece)
    return out


def split_field(text):
    """Name and value of "name: value", where the name may begin with a colon."""
    if isinstance(text, tuple):
        return text
    at = text.index(": ", 1)
    return text[:at], text[at + 2:]


def _literal(name, value):
    """A literal field without indexing, names and values as they are (RFC 7541 section 6.2.2)."""
    return b"\0" + b"".join(_length(len(text)) + text.encode("latin-1") for text in (name, value))


def _length(size):
    if size < 127:
        return bytes([size])
    out, size = [127], size - 127
    while size >= 128:
        out.append(size % 128 + 128)
        size //= 128
    return bytes([*out, size])


@dataclass
class Stream:
    """What has been received on one stream."""

    id: int
    events: list = field(default_factory=list)
    heads: int = 0
    is_ended: bool = False
    is_reset: bool = False
    method: str = ""

    @property
    def is_over(self):
        return self.is_ended or self.is_reset

    def add_fields(self, fields):
        # What is informational is followed by another head.
        is_head = self.heads == 0 or any(name == b":status" for name, _ in fields)
        self.heads += 1
        for name, value in fields:
            text = f"{name.decode('latin-1')}: {value.decode('latin-1')}"
            self.events.append(text if is_head else "+" + text)
            if name == b":method":
                self.method = value.decode("latin-1")

    def add_data(self, data):
        if not data:
            return
        text = data.decode("latin-1")
        if self.events and self.events[-1].startswith("DATA "):
            self.events[-1] += text
        else:
            self.events.append("DATA " + text)

    def add_end(self):
        self.events.append("END")
        self.is_ended = True


class Receiver:
    """Takes bytes of a connection apart: streams by id, and what concerns the connection."""

    def __init__(self):
        self.streams = {}
        self.goaway = None
        self.pings_answered = 0
        self._bytes = b""
        self._block = None
        self._decoder = hpack.Decoder()
        self._decoder.max_header_list_size = 1 << 24

    def take(self, data):
        """What has to be sent back: the answers to SETTINGS and PING."""
        self._bytes += data
        answers = b""
        while len(self._bytes) >= 9:
            size = int.from_bytes(self._bytes[:3], "big")
            if len(self._bytes) < 9 + size:
                break
            kind, flags = self._bytes[3], self._bytes[4]
            stream = int.from_bytes(self._bytes[5:9], "big")
            payload, self._bytes = self._bytes[9:9 + size], self._bytes[9 + size:]
            answers += self._frame(kind, flags, stream, payload)
        return answers

    def _frame(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            return frame(SETTINGS, ACK, 0)
        if kind == PING:
            if not flags & ACK:
                return frame(PING, ACK, 0, payload)
            self.pings_answered += 1
        elif kind == GOAWAY:
            self.goaway = _error(payload[4:8])
        elif kind == RST_STREAM:
            self._of(stream).events.append("RST " + _error(payload))
            self._of(stream).is_reset = True
        elif kind == DATA:
            self._of(stream).add_data(_without_padding(flags, payload))
            if flags & END_STREAM:
                self._of(stream).add_end()
        elif kind == HEADERS:
            payload = _without_padding(flags, payload)
            self._block = (stream, flags & END_STREAM, payload[5:] if flags & PRIORITY else payload)
        elif kind == CONTINUATION:
            self._block = (*self._block[:2], self._block[2] + payload)
        if kind in (HEADERS, CONTINUATION) and flags & END_HEADERS:
            stream, ends, block = self._block
            try:
                self._of(stream).add_fields(self._decoder.decode(block, raw=True))
            except hpack.HPACKError as error:
                self._of(stream).events.append(f"UNREADABLE {error}")
            if ends:
                self._of(stream).add_end()
        return b""

    def _of(self, stream):
        return self.streams.setdefault(stream, Stream(stream))

    def events(self):
        """The events of all streams, in the order of their ids."""
        return tuple(event for id in sorted(self.streams) for event in self.streams[id].events)


def _without_padding(flags, payload):
    return payload[1:len(payload) - payload[0]] if flags & PADDED else payload


def _error(payload):
    code = int.from_bytes(payload[:4], "big")
    return ERRORS[code] if code < len(ERRORS) else str(code)
