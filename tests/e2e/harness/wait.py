"""Waiting by condition: the only place of the suite that sleeps."""

import time


class NotReached(AssertionError):
    """A condition that did not become true in its time."""


def wait_until(condition, timeout=10.0, what=None, interval=0.02):
    """Calls `condition` until it is truthy and returns that value; fails after `timeout` seconds.

    `what` says what was waited for: text, or a callable asked at the moment of failure.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            what = what() if callable(what) else what
            raise NotReached(f"not reached in {timeout} s: {what or condition!r} (last: {value!r})")
        time.sleep(interval)


def stays(condition, duration):
    """True when `condition` held at every look during `duration` seconds."""
    deadline = time.monotonic() + duration
    while time.monotonic() < deadline:
        if not condition():
            return False
        time.sleep(0.02)
    return True
