"""Both ends of the proxy: clients that send a case as it is, and servers that record every byte."""

import re
import socket
import threading

from harness.servers import TcpServer

from . import h2wire

PATIENCE = 5.0
BRIEFLY = 1.0
FINAL = re.compile(rb"HTTP/1\.[01] (?!10[023])\d\d\d")
BARRIER = b"\0barrier"


class Recorder(TcpServer):
    """What both recording servers share: scripts, and knowing when nothing more will come.

    `answer` is what the next requests are answered with; what it is made of is the server's affair.
    """

    def __init__(self, name, port):
        self._changed = threading.Condition()
        self._finished = 0
        self._records = []
        self.answer = None
        super().__init__(name, port)

    def begin(self, answer):
        with self._changed:
            self._records = []
            self.answer = answer

    def records(self):
        """What came since begin(), connection by connection, once all of them have ended.

        A connection to ourselves stands in the accept queue behind all that the proxy has made.
        """
        with _connect(self.port) as own:
            own.sendall(BARRIER)
            own.recv(1)
        with self._changed:
            all_ended = self._changed.wait_for(lambda: self._finished == self.accepted, PATIENCE)
            return list(self._records) if all_ended else [*self._records, "NOT CLOSED"]

    def serve(self, sock):
        sock.settimeout(PATIENCE)
        try:
            first = sock.recv(65536)
            if first == BARRIER:
                sock.sendall(b".")
            elif first:
                self.converse(sock, first)
        except (TimeoutError, OSError):
            pass
        finally:
            with self._changed:
                self._finished += 1
                self._changed.notify_all()

    def add(self, record):
        with self._changed:
            self._records.append(record)

    def converse(self, sock, first):
        raise NotImplementedError


class H1Recorder(Recorder):
    """Keeps the bytes of each connection, and answers each whole request with the text `answer`.

    A text that begins with "early " is sent when the head is there; with "close ", the connection
    is closed behind it.
    """

    def converse(self, sock, first):
        record = bytearray(first)
        self.add(record)
        start = 0
        while True:
            is_early = self.answer.startswith("early ")
            is_last = self.answer.startswith("close ")
            answer = re.sub("^(early |close )", "", self.answer).encode("latin-1")
            size = _size_of_request(bytes(record[start:]), head_only=is_early)
            if size is not None:
                start += size
                sock.sendall(answer)
                if is_last:
                    sock.shutdown(socket.SHUT_WR)
                if is_last or is_early or _opens_tunnel(record, answer):
                    break
            elif piece := sock.recv(65536):
                record += piece
            else:
                return
        while piece := sock.recv(65536):
            record += piece


class H2Recorder(Recorder):
    """Keeps the events of each stream, and answers each whole request with the frames of `answer`.

    An answer whose first item is "early" is sent when the head is there. "close" among the frames
    closes the connection.
    """

    def converse(self, sock, first):
        receiver = h2wire.Receiver()
        self.add(receiver)
        pending, has_preface, sent = first, False, {}
        settings = h2wire.ENABLE_CONNECT_PROTOCOL.to_bytes(2, "big") + (1).to_bytes(4, "big")
        sock.sendall(h2wire.frame(h2wire.SETTINGS, 0, 0, settings))
        while True:
            if not has_preface and len(pending) >= len(h2wire.PREFACE):
                has_preface = True
                pending = pending[len(h2wire.PREFACE):]
            if has_preface:
                sock.sendall(receiver.take(pending))
                pending = b""
                for stream in list(receiver.streams.values()):
                    if not self._answer(sock, stream, sent.setdefault(stream.id, [])):
                        return
            piece = sock.recv(65536)
            if not piece:
                return
            pending += piece

    def _answer(self, sock, stream, sent):
        """Sends what is due of the answer and not in `sent`; False: the connection is to be closed.

        A tunnel's bytes come when the client has sent all of its own.
        """
        if stream.is_reset or not stream.heads:
            return True
        due = list(self.answer)
        if due[0] == "early":
            due.pop(0)
        elif stream.method == "CONNECT":
            opens = isinstance(due[0], h2wire.Head) and ":status: 200" in due[0].fields
            due = due[:1] if opens and not stream.is_ended else due
        elif not stream.is_ended:
            return True
        out = b""
        for item in due[len(sent):]:
            if item == "close":
                sock.sendall(out)
                return False
            out += h2wire.encode(item, stream.id)
            sent.append(item)
        sock.sendall(out)
        return True


def _size_of_request(data, head_only):
    """How long the first request of `data` is, by its own framing; None: not all is there."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    end += 4
    head = data[:end].lower()
    if head_only or head.startswith(b"connect "):
        return end
    if re.search(rb"\ntransfer-encoding:[^\r]*chunked", head):
        return _end_of_chunks(data, end)
    if length := re.search(rb"\ncontent-length: *(\d+)", head):
        end += int(length[1])
    return end if len(data) >= end else None


def _end_of_chunks(data, at):
    while match := re.compile(rb"([0-9a-fA-F]+)[^\r\n]*\r\n").match(data, at):
        size, at = int(match[1], 16), match.end()
        if size == 0:
            end = re.compile(rb"([^\r\n]+\r\n)*\r\n").match(data, at)
            return end.end() if end else None
        at += size + 2
    return None


def _opens_tunnel(request, answer):
    status = answer[9:12]
    return status == b"101" or (request.startswith(b"CONNECT ") and status.startswith(b"2"))


def _connect(port):
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def ask_h1(port, text, replies, is_cut=False):
    """Sends the bytes of `text`; everything that comes back until the proxy closes.

    The end of the stream is sent once `replies` final responses have begun, so that it disturbs
    none; with the bytes, when they end in the middle of a message (`is_cut`); and after a while.
    """
    with _connect(port) as sock:
        reply = b""
        has_finished = False
        try:
            sock.sendall(text.encode("latin-1"))
        except OSError:
            pass  # closed in our face: the reply may be there all the same
        try:
            while True:
                if not has_finished and (is_cut or len(FINAL.findall(reply)) >= replies):
                    sock.shutdown(socket.SHUT_WR)
                    has_finished = True
                sock.settimeout(PATIENCE if has_finished else BRIEFLY)
                try:
                    piece = sock.recv(65536)
                except TimeoutError:
                    if has_finished:
                        return reply.decode("latin-1") + "NOT CLOSED"
                    is_cut = True
                    continue
                if not piece:
                    break
                reply += piece
        except OSError:
            reply += b"" if reply else b"RESET"
        return reply.decode("latin-1")


def ask_h2(port, items):
    """Sends the frames; the events of the streams, then "GOAWAY code" or "CLOSED" where that came.

    A PING behind the last reply fetches what the proxy has to say after it.
    """
    receiver = h2wire.Receiver()
    opened = {item.stream for item in items if isinstance(item, h2wire.Head)}
    opened -= {item.stream for item in items if isinstance(item, h2wire.Reset)}
    frames = b"".join(h2wire.encode(item) for item in items)
    finale = ()
    with _connect(port) as sock:
        try:
            sock.sendall(h2wire.PREFACE + h2wire.frame(h2wire.SETTINGS, 0, 0) + frames)
            has_asked = False
            while not receiver.pings_answered:
                over = {stream.id for stream in receiver.streams.values() if stream.is_over}
                if opened <= over and not has_asked:
                    has_asked = True
                    sock.sendall(h2wire.frame(h2wire.PING, 0, 0, b"the last"))
                piece = sock.recv(65536)
                if not piece:
                    finale = ("CLOSED",)
                    break
                sock.sendall(receiver.take(piece))
        except TimeoutError:
            finale = ("SILENT",)
        except OSError:
            finale = ("CLOSED",)
    if receiver.goaway is not None:
        finale = ("GOAWAY " + receiver.goaway,)
    return receiver.events() + finale
