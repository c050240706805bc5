"""The operator's command line, as a test calls it."""

import json
import subprocess


class Lbctl:
    """Runs lbctl against one control plane. `address` None leaves the choice to lbctl."""

    def __init__(self, binary, address, env):
        self.binary, self.address, self.env = str(binary), address, env

    def run(self, *words, timeout=30, env=None, stdin=None):
        """Returns the finished process: returncode, stdout, stderr."""
        return subprocess.run(self.argv(*words), capture_output=True, text=True, timeout=timeout,
                              env=env or self.env, input=stdin)

    def argv(self, *words):
        where = ["--address", self.address] if self.address else []
        return [self.binary, *where, *(str(word) for word in words)]

    def ok(self, *words, **options):
        """Runs a command that must succeed; its standard output."""
        done = self.run(*words, **options)
        assert done.returncode == 0, \
            f"lbctl {' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *words, **options):
        return json.loads(self.ok(*words, "--json", **options))

    # What `--json` answers has one reader per noun, here.

    def nodes(self):
        return {node["node"]: node for node in self.rows("nodes")}

    def servers(self):
        return {(row["backend"], row["server"]): row for row in self.rows("servers")}

    def events(self):
        return self.rows("events")

    def revisions(self):
        return _rows(self.json("revisions"), "revisions")

    def rows(self, noun):
        return _rows(self.json("show", noun), noun)


def _rows(answer, noun):
    """A list, bare or under its noun."""
    return answer[noun] if isinstance(answer, dict) else answer
