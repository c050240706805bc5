"""One program under test or beside it: started, watched and ended by its pid."""

import ctypes
import os
import signal
import subprocess

from .wait import wait_until

_libc = ctypes.CDLL("libc.so.6", use_errno=True)
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A running program whose output goes to a file, of which a failing test prints the tail."""

    def __init__(self, name, argv, log_path, env=None, cwd=None, pass_fds=(), netns=None):
        self.name = name
        self.log_path = log_path
        self.argv = [str(word) for word in argv]
        assert "/" not in self.argv[0] or os.path.exists(self.argv[0]), \
            f"{self.argv[0]} is not there: build it, or set LB_BIN_DIR"
        # Sanitizers of a sanitizer build hear us, whatever else a test's environment holds.
        sanitizers = {name: text for name, text in os.environ.items() if name.endswith("SAN_OPTIONS")}
        env = {**sanitizers, **env} if env is not None else None
        command = (["ip", "netns", "exec", netns] if netns else []) + self.argv
        with open(log_path, "ab") as log:
            self._popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env,
                cwd=cwd, pass_fds=pass_fds, preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self._popen.pid

    @property
    def exit_code(self):
        """None while it runs; minus the signal's number when a signal ended it."""
        return self._popen.poll()

    def is_running(self):
        return self.exit_code is None

    def signal(self, number):
        if self.is_running():
            os.kill(self.pid, number)

    def wait_exit(self, timeout=10.0):
        wait_until(lambda: not self.is_running(), timeout, f"end of {self.name}")
        return self.exit_code

    def stop(self, timeout=10.0):
        """SIGTERM, then SIGKILL for who ignores it. Returns the exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait_exit(timeout)
        except AssertionError:
            return self.kill()

    def kill(self):
        self.signal(signal.SIGKILL)
        self._popen.wait()
        return self.exit_code

    def wait_ready(self, condition, timeout=15.0, what="readiness"):
        """Waits for `condition`; a program that ends before is a failure that shows its output."""
        def ready_or_dead():
            return not self.is_running() or condition()
        wait_until(ready_or_dead, timeout, lambda: f"{what} of {self.name}\n{self.tail()}")
        assert self.is_running(), f"{self.name} ended with {self.exit_code}:\n{self.tail()}"

    def tail(self, lines=40):
        return "\n".join(self.output().splitlines()[-lines:])

    def output(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def rss_kib(self):
        return self._status_kib("VmRSS")

    def peak_rss_kib(self):
        return self._status_kib("VmHWM")

    def forget_peak(self):
        """From here on peak_rss_kib() is about what comes."""
        with open(f"/proc/{self.pid}/clear_refs", "w") as refs:
            refs.write("5")

    def children(self):
        """Pids of its direct children, zombies included."""
        found = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/children") as children:
                found += [int(pid) for pid in children.read().split()]
        return found

    def _status_kib(self, field):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field + ":"))
