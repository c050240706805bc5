"""HTTP/1 on a raw socket: what a client sends is exactly what the test wrote."""

import socket
from dataclasses import dataclass, field


class ConnectionEnded(Exception):
    """The peer closed before a message was complete. `partial` is what came before."""

    def __init__(self, partial):
        super().__init__(f"connection ended after {partial!r}")
        self.partial = partial


@dataclass
class Message:
    """A request or a response as received: start line, fields in order, body, trailers."""

    start: str
    fields: list
    body: bytes = b""
    trailers: list = field(default_factory=list)
    raw_head: bytes = b""

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    @property
    def text(self):
        return self.body.decode(errors="replace")


class Response(Message):
    @property
    def version(self):
        return self.start.split(" ", 2)[0]

    @property
    def status(self):
        return int(self.start.split(" ", 2)[1])


class Request(Message):
    @property
    def method(self):
        return self.start.split(" ", 2)[0]

    @property
    def target(self):
        return self.start.split(" ", 2)[1]

    @property
    def version(self):
        return self.start.split(" ", 2)[2]


class Reader:
    """Takes HTTP messages off a socket, remembering what was read past them."""

    def __init__(self, sock):
        self._socket = sock
        self.pending = b""

    def fill(self):
        """Reads more; False at the end of the stream."""
        piece = self._socket.recv(1 << 18)
        self.pending += piece
        return bool(piece)

    def until(self, mark):
        while mark not in self.pending:
            if not self.fill():
                raise ConnectionEnded(self.pending)
        piece, self.pending = self.pending.split(mark, 1)
        return piece

    def exactly(self, count):
        while len(self.pending) < count:
            if not self.fill():
                raise ConnectionEnded(self.pending)
        piece, self.pending = self.pending[:count], self.pending[count:]
        return piece

    def to_end(self):
        while self.fill():
            pass
        piece, self.pending = self.pending, b""
        return piece

    def head(self, kind):
        head = self.until(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").split("\r\n")
        return kind(start, _fields(lines), raw_head=head + b"\r\n\r\n")

    def chunks(self):
        """The body and the trailers of a chunked message."""
        body = []
        while True:
            size = int(self.until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                break
            body.append(self.exactly(size))
            assert self.exactly(2) == b"\r\n", "chunk without its end"
        lines = []
        while line := self.until(b"\r\n"):
            lines.append(line.decode("latin-1"))
        return b"".join(body), _fields(lines)

    def request(self, on_expect=lambda: None):
        """A request; `on_expect` is called before the body when the client waits for a 100."""
        request = self.head(Request)
        if request.get("expect", "").lower() == "100-continue":
            on_expect()
        if "chunked" in request.get("transfer-encoding", "").lower():
            request.body, request.trailers = self.chunks()
        else:
            request.body = self.exactly(int(request.get("content-length", 0)))
        return request

    def response(self, method="GET"):
        response = self.head(Response)
        status = response.status
        if method == "HEAD" or status < 200 or status in (204, 304):
            return response
        if "chunked" in response.get("transfer-encoding", "").lower():
            response.body, response.trailers = self.chunks()
        elif response.get("content-length") is not None:
            response.body = self.exactly(int(response.get("content-length")))
        else:
            response.body = self.to_end()
        return response


def _fields(lines):
    return [tuple(part.strip() for part in line.split(":", 1)) for line in lines]


class Client:
    """A client connection on which the test says every byte."""

    def __init__(self, host, port, timeout=10.0, receive_buffer=None, source=None):
        if isinstance(port, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(timeout)
            self.socket.connect(port)
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                self.socket.bind((source, 0))
            self.socket.settimeout(timeout)
            self.socket.connect((host, port))
        self.reader = Reader(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def local_port(self):
        return self.socket.getsockname()[1]

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def get(self, path="/", headers=(), method="GET", body=b"", host="test"):
        """One request with the usual head, and its response; the connection stays open."""
        self.request(path, headers, method, body, host)
        return self.response(method)

    def request(self, path="/", headers=(), method="GET", body=b"", host="test"):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def response(self, method="GET"):
        return self.reader.response(method)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def rest(self):
        """Everything up to the peer's end; a reset counts as the end."""
        try:
            return self.reader.to_end()
        except ConnectionResetError:
            return self.reader.pending

    def is_closed_by_peer(self, within=5.0):
        """True when the peer ends the connection (nothing more to read) within that time."""
        self.socket.settimeout(within)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def is_open(self):
        """True when the peer has neither sent nor closed."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        finally:
            self.socket.settimeout(10.0)

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def get(host, port, path="/", headers=(), method="GET", body=b"", timeout=10.0):
    """One request on a connection of its own."""
    with Client(host, port, timeout) as client:
        return client.get(path, [*headers, ("Connection", "close")], method, body)
