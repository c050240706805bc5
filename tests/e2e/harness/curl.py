"""Debian's curl, as a real client."""

import subprocess


def curl(url, *options, timeout=10):
    """The body of a page that must come with a status below 400."""
    done = subprocess.run(["curl", "-sS", "--fail", "--max-time", str(timeout), *options, url],
                          capture_output=True, text=True)
    assert done.returncode == 0, f"curl {url}: {done.returncode} {done.stderr}"
    return done.stdout


def headers(url, *options):
    """Status and header fields (names in lower case) of a page."""
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-D", "-", "--max-time", "10", *options,
                           url], capture_output=True, text=True)
    assert done.returncode == 0, f"curl {url}: {done.returncode} {done.stderr}"
    status, *lines = done.stdout.strip().splitlines()
    fields = dict(line.split(": ", 1) for line in lines if ": " in line)
    return int(status.split()[1]), {name.lower(): value for name, value in fields.items()}
