"""Configuration texts built from parts, for tests that change them while they run."""


class Web:
    """A configuration with HTTP frontends and backends; text() after each change is the next push.

    frontends  {name: (port, default backend, extra lines)}
    backends   {name: ({server name: words}, extra lines)}
    """

    def __init__(self):
        self.frontends = {}
        self.backends = {}
        self.globals = ['stats socket "${RUN_DIR}/stats.sock" mode 600 level admin',
                        'log "${SYSLOG_ADDR}" local0', "nbthread 2"]

    def frontend(self, name, port, backend, *lines):
        self.frontends[name] = (port, backend, lines)
        return self

    def backend(self, name, servers, *lines):
        self.backends[name] = (dict(servers), lines)
        return self

    def server(self, backend, name, words):
        self.backends[backend][0][name] = words
        return self

    def remove_server(self, backend, name):
        del self.backends[backend][0][name]
        return self

    def text(self):
        out = ["global", *_indented(self.globals), "defaults", *_indented([
            "mode http", "log global", "option httplog", "timeout connect 5s", "timeout client 30s",
            "timeout server 30s", "timeout queue 20s"])]
        for name, (port, backend, lines) in self.frontends.items():
            out += [f"frontend {name}", *_indented([f'bind "*:{port}"', *lines,
                                                    f"default_backend {backend}"])]
        for name, (servers, lines) in self.backends.items():
            out += [f"backend {name}", *_indented([*lines, *(f"server {server} {words}" for
                                                             server, words in servers.items())])]
        return "\n".join(out) + "\n"


def _indented(lines):
    return [f"    {line}" for line in lines]
