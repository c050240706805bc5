"""The runtime socket (`stats socket`): one command a connection, or a dialogue."""

import socket

from . import stats


class RuntimeSocket:
    def __init__(self, path):
        self.path = str(path)

    def ask(self, command):
        """The whole reply to one line, as bytes are framed: until the peer closes."""
        with self.dialogue() as connection:
            connection.sendall(command.encode() + b"\n")
            return read_all(connection).decode()

    def dialogue(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(10)
        connection.connect(self.path)
        return connection

    def stat(self):
        """`show stat` as a Table of rows by (proxy, server)."""
        return stats.table(self.ask("show stat"))

    def server(self, backend, server):
        return self.stat()[backend, server]

    def status(self, backend, server):
        """UP, DOWN, MAINT, ..., or `UP 1/3` on the way to another state."""
        return self.server(backend, server)["status"]

    def check_status(self, backend, server):
        """L4OK, L7STS, ...; the mark of a check that runs just now (`* L7OK`) is cut off."""
        return self.server(backend, server)["check_status"].removeprefix("* ")

    def info(self):
        lines = [line.split(": ", 1) for line in self.ask("show info").splitlines() if ":" in line]
        return {line[0].rstrip(":"): line[1] if len(line) > 1 else "" for line in lines}


def read_all(connection):
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def read_until(connection, mark, count=1):
    """Reads up to and including the `count`th `mark`."""
    got = b""
    while got.count(mark) < count or not got.endswith(mark):
        piece = connection.recv(65536)
        assert piece, f"ended before {mark!r}: {got!r}"
        got += piece
    return got
