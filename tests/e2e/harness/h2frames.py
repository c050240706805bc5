"""HTTP/2 by hand, on a raw socket: each side sends exactly the frames that the test wrote.

Header blocks are literals without indexing, so that any name and value can be written. Of what the
proxy sends only the status is unpacked: with HEADER_TABLE_SIZE 0 it needs no table (RFC 7541).
"""

import socket
import struct
from dataclasses import dataclass

from .servers import TcpServer

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, \
    CONTINUATION = range(10)
END_STREAM = ACK = 1
END_HEADERS, PADDED, WITH_PRIORITY = 4, 8, 32

# RFC 9113 section 7.
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, \
    FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, \
    INADEQUATE_SECURITY, HTTP_1_1_REQUIRED = range(14)

# RFC 9113 section 6.5.2, RFC 8441 section 3.
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, \
    MAX_HEADER_LIST_SIZE = range(1, 7)
ENABLE_CONNECT_PROTOCOL = 8


def u32(value):
    return struct.pack(">I", value)


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """One frame. `length`: what its head claims, when that is not the truth."""
    size = len(payload) if length is None else length
    return u32(size)[1:] + bytes([kind, flags]) + u32(stream) + payload


def integer(value, bits, first=0):
    """RFC 7541 section 5.1; `first` holds the bits before the prefix."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out, value = bytes([first | limit]), value - limit
    while value >= 128:
        out, value = out + bytes([value % 128 + 128]), value // 128
    return out + bytes([value])


def text(value):
    """A string literal without Huffman (RFC 7541 section 5.2)."""
    value = value.encode("latin-1") if isinstance(value, str) else value
    return integer(len(value), 7) + value


def literal(*fields):
    """A header block of literals without indexing (RFC 7541 section 6.2.2)."""
    return b"".join(b"\0" + text(name) + text(value) for name, value in fields)


def headers(stream, block, flags=END_STREAM | END_HEADERS):
    """HEADERS; `block` is bytes or a list of fields."""
    return frame(HEADERS, flags, stream, block if isinstance(block, bytes) else literal(*block))


def data(stream, payload=b"", flags=0):
    return frame(DATA, flags, stream, payload)


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def reset(stream, error=CANCEL):
    return frame(RST_STREAM, 0, stream, u32(error))


def window(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, u32(increment))


def goaway(last, error=NO_ERROR):
    return frame(GOAWAY, 0, 0, u32(last) + u32(error))


def get_fields(path="/", method="GET", *more):
    return [(":method", method), (":scheme", "http"), (":authority", "h"), (":path", path), *more]


def get(stream, path="/", flags=END_STREAM | END_HEADERS, *more):
    return headers(stream, get_fields(path, "GET", *more), flags)


def post(stream, path="/", *more):
    """The head of a request whose body follows."""
    return headers(stream, get_fields(path, "POST", *more), END_HEADERS)


@dataclass(frozen=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def error(self):
        """Of RST_STREAM and GOAWAY."""
        at = 4 if self.kind == GOAWAY else 0
        return int.from_bytes(self.payload[at:at + 4], "big")

    @property
    def ends(self):
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)

    @property
    def status(self):
        return status_of(self.payload)


# Digits in the Huffman code of RFC 7541, appendix B.
_DIGITS = {"00000": "0", "00001": "1", "00010": "2",
           **{f"{0b011001 + i:06b}": str(3 + i) for i in range(7)}}
_STATUSES = [200, 204, 206, 304, 400, 404, 500]  # entries 8 to 14 of the static table


def status_of(block):
    """The status of a response's block whose encoder has no table."""
    while block[0] & 0xE0 == 0x20:  # changes of the table's size
        block = block[1:]
    if block[0] & 0x80:
        return _STATUSES[(block[0] & 0x7F) - 8]
    size, value = block[1], block[2:2 + (block[1] & 0x7F)]
    if not size & 0x80:
        return int(value)
    bits, digits, word = "".join(f"{byte:08b}" for byte in value), "", ""
    for bit in bits:
        word += bit
        if word in _DIGITS:
            digits, word = digits + _DIGITS[word], ""
    return int(digits)


class Frames:
    """Takes frames off a socket, keeps them all in `seen`, and acknowledges SETTINGS once it may."""

    def __init__(self, sock, may_acknowledge=True):
        self.socket = sock
        self.may_acknowledge = may_acknowledge
        self.seen = []
        self.has_ended = False
        self._pending = b""

    def send(self, *frames):
        """False: the peer has closed the connection."""
        try:
            self.socket.sendall(b"".join(frames))
            return True
        except TimeoutError:
            raise
        except OSError:
            return False

    def next(self):
        """The next frame; None at the end of the stream, however it came."""
        while not self._is_whole():
            try:
                piece = self.socket.recv(1 << 16)
            except TimeoutError:
                raise
            except OSError:
                piece = b""
            if not piece:
                self.has_ended = True
                return None
            self._pending += piece
        size = int.from_bytes(self._pending[:3], "big")
        kind, flags = self._pending[3:5]
        stream = int.from_bytes(self._pending[5:9], "big") & 0x7FFFFFFF
        self.seen.append(Frame(kind, flags, stream, self._pending[9:9 + size]))
        self._pending = self._pending[9 + size:]
        if kind == SETTINGS and not flags & ACK and self.may_acknowledge:
            self.send(frame(SETTINGS, ACK))
        return self.seen[-1]

    def until(self, condition):
        """Takes frames until one meets the condition, or None when the stream ended before."""
        while (taken := self.next()) is not None:
            if condition(taken):
                return taken
        return None

    def to_end(self):
        self.until(lambda _: False)
        return self.seen

    def all(self, kind, stream=None):
        return [f for f in self.seen if f.kind == kind and stream in (None, f.stream)]

    def goaway(self):
        """The code of the last GOAWAY seen, or None."""
        found = self.all(GOAWAY)
        return found[-1].error if found else None

    def body(self, stream):
        return b"".join(f.payload for f in self.all(DATA, stream))

    def _is_whole(self):
        return len(self._pending) >= 9 and \
            len(self._pending) >= 9 + int.from_bytes(self._pending[:3], "big")


class H2Client(Frames):
    """A client connection. Its own SETTINGS leave the proxy's encoder no table."""

    def __init__(self, host, port, *pairs, preface=None, timeout=5.0, receive_buffer=None):
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(timeout)
        sock.connect((host, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock)
        if preface is None:
            preface = PREFACE + settings((HEADER_TABLE_SIZE, 0), *pairs)
        self.send(preface)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def response(self, stream):
        """The status of the final response, once it is complete; None when the stream or the
        connection ended before."""
        def is_end(f):
            return f.stream == stream and (f.kind == RST_STREAM or f.ends)
        last = next((f for f in self.seen if is_end(f)), None) or self.until(is_end)
        if last is None or last.kind == RST_STREAM:
            return None
        return next(f.status for f in self.all(HEADERS, stream) if f.status >= 200)


class H2Server(TcpServer):
    """A server that speaks frames. `script(frames, number)` runs for each connection, once its
    preface has come and been answered with `opening`; `number` counts from 0. What was received is
    kept in `connections`, a Frames for each."""

    def __init__(self, name, port, script=None, opening=settings((HEADER_TABLE_SIZE, 0))):
        self.connections = []
        self.script = script
        self.opening = opening
        super().__init__(name, port)

    def serve(self, sock):
        sock.settimeout(20)
        preface = b""
        while len(preface) < len(PREFACE):
            piece = sock.recv(len(PREFACE) - len(preface))
            if not piece:
                return
            preface += piece
        assert preface == PREFACE
        # Its own SETTINGS come before any ACK.
        frames = Frames(sock, may_acknowledge=bool(self.opening))
        number = len(self.connections)
        self.connections.append(frames)
        frames.send(self.opening)
        self.script(frames, number)
