"""Reading statistics: HAProxy's CSV and the Prometheus text."""

import csv
import io
import re


def table(text):
    """Rows of a statistics CSV by (proxy, server); each row a dict by field name."""
    assert text.startswith("# "), f"not a statistics CSV: {text[:200]!r}"
    rows = csv.DictReader(io.StringIO(text[2:].rstrip("\n") + "\n"))
    return {(row["pxname"], row["svname"]): row for row in rows}


def metrics(text):
    """Samples of a Prometheus page: {(name, frozenset of label pairs): value}."""
    samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)(?: \d+)?", line)
            assert match, f"not a sample: {line!r}"
            labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")
            samples[match[1], frozenset(labels)] = float(match[3])
    return samples


def metric(samples, name, **labels):
    """The value of the one sample with that name and exactly those labels."""
    return samples.get((name, frozenset(labels.items())))
