"""Servers behind the proxy: a threaded TCP listener, a recorder, and scripted HTTP/1 servers."""

import base64
import hashlib
import socket
import threading

from .wire import ConnectionEnded, Reader


class TcpServer:
    """Accepts in a thread, serves each connection in a thread of its own with `serve(sock)`."""

    def __init__(self, name, port, host="0.0.0.0"):
        self.name, self.port, self.host = name, port, host
        self.accepted = 0
        self._listener = None
        self._connections = set()
        self._lock = threading.Lock()
        self.start()

    def start(self):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(1024)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def stop(self):
        """Stops listening and ends every connection, as a killed server does."""
        self.stop_listening()
        with self._lock:
            for sock in self._connections:
                _shut(sock)

    def stop_listening(self):
        if self._listener:
            _shut(self._listener)  # wakes the accept() of the other thread
            self._listener.close()
            self._listener = None

    @property
    def open_connections(self):
        return len(self._connections)

    def serve(self, sock):
        raise NotImplementedError

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.accepted += 1
                self._connections.add(sock)
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        try:
            self.serve(sock)
        except (ConnectionEnded, OSError):
            pass
        finally:
            with self._lock:
                self._connections.discard(sock)
            sock.close()


class RecordingServer(TcpServer):
    """Keeps every byte it is sent and answers each connection with a fixed text, once."""

    def __init__(self, name, port, answer=b""):
        self.received = []
        self.answer = answer
        super().__init__(name, port)

    def serve(self, sock):
        first = True
        while piece := sock.recv(65536):
            self.received.append(piece)
            if first and self.answer:
                sock.sendall(self.answer)
            first = False


class EchoServer(TcpServer):
    """Greets with its name, sends back what it gets, and says bye after the client's end."""

    def serve(self, sock):
        sock.sendall(f"{self.name}\n".encode())
        while piece := sock.recv(65536):
            sock.sendall(piece)
        sock.sendall(b"bye\n")


class WebServer(TcpServer):
    """An HTTP/1.1 server that names itself in an OK-bearing body and records its requests.

    `answer(request, sock)` scripts another behaviour: it returns the bytes of the reply, None when it
    has sent them itself, or False to end the connection. Health checks never reach it.
    """

    def __init__(self, name, port, answer=None):
        self.requests = []
        self.checks = []
        self.is_healthy = True
        self.check_gate = threading.Event()  # cleared: health checks wait for their answer
        self.check_gate.set()
        self.answer = answer
        super().__init__(name, port)

    def serve(self, sock):
        reader = Reader(sock)
        while True:
            request = reader.request(lambda: sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n"))
            if _is_check(request):
                self.checks.append(request)
                self.check_gate.wait(30)
                reply_bytes = self._own_answer(request)
            else:
                self.requests.append(request)
                request.reader = reader
                reply_bytes = (self.answer or self._default)(request, sock)
            if reply_bytes is False:
                return
            if reply_bytes:
                sock.sendall(reply_bytes)
            if "close" in request.get("connection", "").lower() or request.version == "HTTP/1.0":
                return

    def _default(self, request, _):
        return self._own_answer(request)

    def _own_answer(self, request):
        verdict = "OK" if self.is_healthy else "sick"
        return reply(200, f"{verdict} {self.name}\n", method=request.method)


def _is_check(request):
    """The health checks of the scenarios: their own paths, or the bare "GET /" without a Host."""
    return request.target in ("/check", "/status") or (request.target == "/" and request.get("host") is None)


def reply(status, body=b"", headers=(), method="GET", reason="OK"):
    """The bytes of a length-delimited response."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return head if method == "HEAD" else head + body


def chunked(parts, trailers=(), headers=()):
    """The bytes of a chunked response."""
    lines = ["HTTP/1.1 200 OK", *[f"{n}: {v}" for n, v in headers], "Transfer-Encoding: chunked"]
    if trailers:
        lines.append("Trailer: " + ", ".join(name for name, _ in trailers))
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    ending = "".join(f"{name}: {value}\r\n" for name, value in trailers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body + b"0\r\n" + ending.encode() + b"\r\n"


def websocket_accept(key):
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


def websocket_echo(request, sock):
    """Accepts the upgrade and sends each frame's payload back unmasked until a close frame."""
    head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {websocket_accept(request.get('sec-websocket-key'))}"]
    sock.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
    while True:
        opcode, payload = read_frame(request.reader)
        sock.sendall(frame(opcode, payload))
        if opcode == 8:
            return False


def frame(opcode, payload, mask=None):
    """One final WebSocket frame (RFC 6455 section 5.2)."""
    size = len(payload)
    masked = 0x80 if mask else 0
    if size < 126:
        head = bytes([0x80 | opcode, masked | size])
    elif size < 1 << 16:
        head = bytes([0x80 | opcode, masked | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, masked | 127]) + size.to_bytes(8, "big")
    if mask:
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return head + (mask or b"") + payload


def read_frame(reader):
    first, second = reader.exactly(2)
    size = second & 0x7F
    if size == 126:
        size = int.from_bytes(reader.exactly(2), "big")
    elif size == 127:
        size = int.from_bytes(reader.exactly(8), "big")
    mask = reader.exactly(4) if second & 0x80 else None
    payload = reader.exactly(size)
    if mask:
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return first & 0x0F, payload


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
