#!/usr/bin/python3
"""Checks the layout's rules: which folder may include which, the size of files, names, leftovers.

The table below is the only copy of the floors (docs/architecture.md explains them). Run it from
anywhere; it prints `file:line: what is wrong` and exits 1 when anything is.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# folder -> folders it may include, besides itself. The longest matching folder counts.
FLOORS = {
    "common/base": [],
    "common/event": ["common/base"],
    "common/tls": ["common/base"],
    "common/net": ["common/base", "common/event", "common/tls"],
    "common/catalog": ["common/base"],
    "common/snapshot": ["common/base", "common/tls", "proto"],
    "common/stats": ["common/base", "proto"],
    "dataplane/http": ["common/base", "common/event", "common/net"],
    "dataplane/rules": ["common/base", "common/event", "common/tls", "common/net", "common/catalog",
                        "dataplane/http"],
    "dataplane/upstream": ["common/base", "common/event", "common/net", "dataplane/http"],
    "dataplane/proxy": ["common", "dataplane/http", "dataplane/rules", "dataplane/upstream"],
    "dataplane/server": ["common", "proto", "grpc", "dataplane"],
    "controlplane/config": ["common", "proto"],
    "controlplane/checks": ["common/base", "common/event", "common/net", "common/snapshot",
                            "common/tls", "proto"],
    "controlplane/store": ["common/base"],
    "controlplane/fleet": ["common/base", "common/event", "common/snapshot", "proto"],
    "controlplane/service/runtime": ["common", "proto"],
    "controlplane/service": ["common", "proto", "grpc", "controlplane/config", "controlplane/checks",
                             "controlplane/store", "controlplane/fleet",
                             "controlplane/service/runtime"],
    "controlplane/server": ["common", "proto", "grpc", "controlplane"],
    "cli": ["common/base", "common/tls", "proto", "grpc", "controlplane/config"],
    "standalone": ["common", "proto", "grpc", "controlplane/server", "controlplane/service",
                   "dataplane/server"],
}
# Protobuf stays out of the hot rooms; only the rules' compiler may see it there.
PROTO_FILES = {"dataplane/rules/compiler.h"}
PROTO_STEMS = re.compile(r"dataplane/rules/compile\w*\.(cc|h)$")

MAX_LINES = 600
LEFTOVER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')


def sources():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.cc", "*.h", "*.py", "*.sh", "*.proto"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [path for path in listed if (ROOT / path).exists()]


def floor_of(path):
    parts = path.split("/")
    for length in range(len(parts) - 1, 0, -1):
        folder = "/".join(parts[:length])
        if folder in FLOORS:
            return folder
    return None


def target_of(include):
    """The folder an include belongs to: one of ours, "proto", "grpc", or None for anything else."""
    if include.startswith(("grpcpp/", "grpc/")) or include.endswith(".grpc.pb.h"):
        return "grpc"
    if include.startswith(("lb/v1/", "google/protobuf/")):
        return "proto"
    if include.split("/")[0] in ("common", "dataplane", "controlplane", "cli", "standalone"):
        return floor_of(include)
    return None


def is_allowed(path, floor, target):
    if target is None or target == floor:
        return True
    if target == "proto" and floor == "dataplane/rules":
        return bool(PROTO_STEMS.search(path))
    return any(target == allowed or target.startswith(allowed + "/") for allowed in FLOORS[floor])


def check(path):
    problems = []
    lines = (ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines()
    floor = floor_of(path)
    if len(lines) > MAX_LINES and not any("past 600 lines" in line for line in lines[:15]):
        problems.append((len(lines), f"{len(lines)} lines: split it, or say at the top why not"))
    for number, line in enumerate(lines, 1):
        if LEFTOVER.search(line):
            problems.append((number, "leftover: " + line.strip()))
        match = INCLUDE.match(line)
        if match and floor:
            target = target_of(match.group(1))
            if not is_allowed(path, floor, target):
                problems.append((number, f"{floor} may not include {target} ({match.group(1)})"))
    return [f"{path}:{number}: {text}" for number, text in problems]


def main():
    paths = sources()
    problems = [problem for path in paths for problem in check(path)]
    for problem in problems:
        print(problem)
    print(f"{len(paths)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
