"""A syslog receiver (UDP) that keeps every line with its facility and severity."""

import re
import socket
import threading
from dataclasses import dataclass

from .wait import wait_until

FACILITIES = ("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert2 "
              "cron2 local0 local1 local2 local3 local4 local5 local6 local7").split()
SEVERITIES = "emerg alert crit err warning notice info debug".split()
_LINE = re.compile(r"<(\d+)>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S+?)(?:\[(\d+)\])?: (.*)",
                   re.DOTALL)


@dataclass(frozen=True)
class SyslogLine:
    facility: str
    severity: str
    date: str
    tag: str
    pid: int
    text: str

    @classmethod
    def parse(cls, raw):
        match = _LINE.fullmatch(raw.rstrip("\n"))
        assert match, f"not a syslog line: {raw!r}"
        priority, date, tag, pid, text = match.groups()
        return cls(FACILITIES[int(priority) >> 3], SEVERITIES[int(priority) & 7], date, tag,
                   int(pid or 0), text)


class SyslogReceiver:
    """Collects datagrams on every address of the machine, in a thread of its own."""

    def __init__(self, port):
        self.port = port
        self.malformed = []
        self._lines = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("0.0.0.0", port))
        self._closed = False
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    @property
    def lines(self):
        return list(self._lines)

    def matching(self, pattern, severity=None):
        return [line for line in self.lines if re.search(pattern, line.text)
                and severity in (None, line.severity)]

    def wait_for(self, pattern, severity=None, count=1, timeout=10.0):
        """The first lines that match, at least `count` of them (one line when `count` is 1)."""
        found = wait_until(lambda: self._at_least(pattern, severity, count), timeout,
                           lambda: f"{count} log line(s) like {pattern!r}; got:\n" + self.text())
        return found[0] if count == 1 else found

    def text(self):
        return "\n".join(f"{line.facility}.{line.severity} {line.tag}[{line.pid}]: {line.text}"
                         for line in self.lines)

    def clear(self):
        self._lines.clear()

    def close(self):
        self._closed = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))  # closing does not wake recv()
        self._thread.join()
        self._socket.close()

    def _at_least(self, pattern, severity, count):
        found = self.matching(pattern, severity)
        return found if len(found) >= count else None

    def _receive(self):
        while not self._closed:
            raw = self._socket.recv(65536).decode(errors="replace")
            if not raw:
                continue
            try:
                self._lines.append(SyslogLine.parse(raw))
            except AssertionError as malformed:
                self.malformed.append(str(malformed))
