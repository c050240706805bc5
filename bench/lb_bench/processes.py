"""Processes the benchmark starts, and what the kernel says of them.

Every process is ended by its own pid, on any way out: a normal end, an exception, Ctrl-C or
SIGTERM; should this program itself be killed, the kernel ends them (PR_SET_PDEATHSIG).
"""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
LIBC = ctypes.CDLL(None, use_errno=True)


class StartFailure(Exception):
    """A program did not come up; the message says which and what it printed."""


def _keep_niceness():
    """Carries our nice value over to the scheduler's group of the calling, new session.

    With autogroups (sched(7)) a nice value counts only within a session, and each process of ours
    has its own.
    """
    try:
        with open("/proc/self/autogroup", "w") as group:
            group.write(str(os.nice(0)))
    except OSError:
        pass  # no autogroups here, or no right to a negative value: nice alone remains


class Processes:
    """Owner of all started processes. `folder` holds their logs."""

    def __init__(self, folder):
        self.folder = folder
        self._running = []

    def start(self, name, argv, core=None, namespace=None, pipes=False):
        """Starts `argv` on `core` (any when None), its output logged.

        With `pipes`, standard input and output are pipes.
        """

        def prepare():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            _keep_niceness()
            if core is not None:
                os.sched_setaffinity(0, {core})
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

        if namespace:
            argv = ["ip", "netns", "exec", namespace, *argv]
        log_path = os.path.join(self.folder, name + ".log")
        with open(log_path, "ab") as log:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log,
                stderr=log,
                text=True if pipes else None,
                preexec_fn=prepare,
                start_new_session=True,
            )
        process.name = name
        process.log_path = log_path
        self._running.append(process)
        return process

    def stop(self, *processes):
        """SIGTERM to all, then SIGKILL to those still there after five seconds."""
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 5
        for process in processes:
            try:
                process.wait(max(0.01, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
            if process in self._running:
                self._running.remove(process)

    def stop_all(self):
        self.stop(*reversed(self._running))


def log_tail(process, lines=8):
    with open(process.log_path, errors="replace") as log:
        return "".join(log.readlines()[-lines:]).strip()


def free_port(_taken=set()):
    """A free TCP port below the ephemeral range, where no outgoing connection can take it."""
    for port in range(18000 + os.getpid() % 8000, 32000):
        if port in _taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
        _taken.add(port)
        return port
    raise StartFailure("no free port between 18000 and 32000")


def wait_for_port(process, port, address="127.0.0.1", seconds=15):
    """Returns once `address:port` accepts. StartFailure when `process` ends or time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartFailure(
                f"{process.name} ended with {process.returncode}: {log_tail(process)}"
            )
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise StartFailure(f"{process.name} does not listen on {address}:{port}: {log_tail(process)}")


def _stat_fields(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()


def tree(pid):
    """`pid` and its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(_stat_fields(entry)[1]), []).append(int(entry))
            except (OSError, IndexError):
                continue  # ended meanwhile
    found = [pid]
    for parent in found:
        found.extend(children.get(parent, []))
    return found


def cpu_seconds(pids):
    """User + system time of `pids`, with that of children they have reaped."""
    ticks = 0
    for pid in pids:
        fields = _stat_fields(pid)
        ticks += sum(int(value) for value in fields[11:15])
    return ticks / TICKS_PER_SECOND


def ended_children_seconds():
    """User + system time of all children that have ended and been awaited."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stolen_seconds():
    """Time the hypervisor kept from all of this machine's cores since it started."""
    with open("/proc/stat") as stat:
        return int(stat.readline().split()[8]) / TICKS_PER_SECOND


def memory_kib(pids):
    """(RSS, PSS) of `pids` together. PSS counts a page shared by n processes as 1/n."""
    rss = pss = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            for line in rollup:
                if line.startswith("Rss:"):
                    rss += int(line.split()[1])
                elif line.startswith("Pss:"):
                    pss += int(line.split()[1])
    return rss, pss
