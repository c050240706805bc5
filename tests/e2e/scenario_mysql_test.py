"""Scenario 2, conf/examples/mysql.cfg: layer-4 MySQL pools whose servers' roles external checks decide."""

import subprocess
from types import SimpleNamespace

import pytest

from harness.mariadb import query
from harness.proxies import EXAMPLES, settled
from harness.wait import wait_until

pytestmark = pytest.mark.kinds("haproxy", "lbd", "split")

SERVER_ID = "SELECT @@server_id"


@pytest.fixture
def database(stage, proxy, mariadb):
    """The three pools before a running replication, with the roles known."""
    site = SimpleNamespace(proxy=proxy, servers=mariadb, primary=stage.port(), replica=stage.port(),
                           any=stage.port())
    proxy.start(EXAMPLES / "mysql.cfg", PRIMARY_PORT=site.primary, REPLICA_PORT=site.replica,
                ANY_PORT=site.any, SCRIPT_DIR=EXAMPLES,
                **{f"MYSQL{server.server_id}": proxy.at(server) for server in mariadb.servers})
    # Six scripts of three clients each a second: a busy machine needs its time.
    settled(proxy, roles(mariadb), timeout=40)
    return site


def roles(mariadb):
    """The states both pools must show for the replication as it is."""
    wanted = {("mysql-primary", server.name): "DOWN" for server in mariadb.replicas}
    wanted.update({("mysql-replica", server.name): "UP" for server in mariadb.replicas})
    wanted["mysql-primary", mariadb.primary.name] = "UP"
    wanted["mysql-replica", mariadb.primary.name] = "DOWN"
    return wanted


def ids(servers):
    return {str(server.server_id) for server in servers}


def test_writes_go_to_the_primary_and_reads_to_both_replicas_in_turn(database):
    for host in database.proxy.hosts:
        note = f"through {host}"
        query(host, database.primary, f"INSERT INTO notes (note) VALUES ('{note}')")
        assert query(host, database.primary, SERVER_ID) in ids([database.servers.primary])
        for replica in database.servers.replicas:
            replica.catch_up_with(database.servers.primary)
        count = f"SELECT COUNT(*) > 0 FROM notes WHERE note = '{note}'"
        assert query(host, database.replica, count) == "1"
        readers = [query(host, database.replica, SERVER_ID) for _ in range(4)]
        assert set(readers) == ids(database.servers.replicas)
        assert readers[0] != readers[1] and readers[:2] == readers[2:]


def test_promotion_flips_both_pools_and_closes_sessions_of_demoted_servers(database, syslog):
    old, new = database.servers.primary, database.servers.replicas[0]
    sessions = [LongSession(host, port) for host in database.proxy.hosts
                for port in (database.primary, database.replica, database.replica)]
    assert {s.server_id for s in sessions} == {"1", "2", "3"}
    doomed = [s for s in sessions if s.server_id == str(old.server_id) and s.port == database.primary
              or s.server_id == str(new.server_id) and s.port == database.replica]
    assert len(doomed) == 2 * len(database.proxy.hosts)

    database.servers.promote(new)

    settled(database.proxy, roles(database.servers), timeout=40)
    for session in doomed:
        wait_until(session.has_ended, 5, f"end of the session to server {session.server_id}")
    for session in sessions:
        assert session in doomed or not session.has_ended(), "a session to a healthy server ended"
        session.close()
    for host in database.proxy.hosts:
        query(host, database.primary, "INSERT INTO notes (note) VALUES ('after promotion')")
        assert query(host, database.primary, SERVER_ID) == str(new.server_id)
        readers = {query(host, database.replica, SERVER_ID) for _ in range(4)}
        assert readers == ids(database.servers.replicas)
    syslog.wait_for(rf"Server mysql-primary/{old.name} is DOWN, reason: External check error",
                    severity="alert")
    syslog.wait_for(rf"Server mysql-primary/{new.name} is UP, reason: External check passed",
                    severity="notice")


def test_maint_by_the_runtime_socket_takes_a_replica_out_and_ready_brings_it_back(database):
    first, second = database.servers.replicas
    assert set_state(database, f"mysql-replica/{first.name}", "maint") == "\n"
    for host in database.proxy.hosts:
        wait_until(lambda h=host: readers(database, h) == ids([second]), what="only the second reads")
    assert database.proxy.runtime.status("mysql-replica", first.name) == "MAINT"
    assert set_state(database, f"mysql-replica/{first.name}", "ready") == "\n"
    settled(database.proxy, roles(database.servers))
    for host in database.proxy.hosts:
        wait_until(lambda h=host: readers(database, h) == ids([first, second]), what="both read")


@pytest.mark.kinds("lbd", "split")
def test_maint_by_lbctl_takes_a_replica_out_and_ready_brings_it_back(database):
    first, second = database.servers.replicas
    lbctl, name = database.proxy.lbctl, f"mysql-replica/{first.name}"
    lbctl.ok("set", "server", name, "state", "maint")
    for host in database.proxy.hosts:
        assert readers(database, host) == ids([second])
    assert database.proxy.runtime.status("mysql-replica", first.name) == "MAINT"
    lbctl.ok("set", "server", name, "state", "ready")
    settled(database.proxy, roles(database.servers))
    for host in database.proxy.hosts:
        wait_until(lambda h=host: readers(database, h) == ids([first, second]), what="both read")


def test_a_pool_without_servers_is_an_emergency_in_syslog(database, syslog):
    for server in database.servers.servers:
        set_state(database, f"mysql-replica/{server.name}", "maint")
    line = syslog.wait_for("proxy mysql-replica has no server available!", severity="emerg")
    assert line.facility == "local1"
    for server in database.servers.servers:
        set_state(database, f"mysql-replica/{server.name}", "ready")
    settled(database.proxy, roles(database.servers))


def test_handshake_check_finds_the_server_up(database):
    settled(database.proxy, {("mysql-any", "mysrv1"): "UP"})
    wait_until(lambda: database.proxy.runtime.check_status("mysql-any", "mysrv1") == "L7OK",
               what="a passed MySQL handshake check")
    for host in database.proxy.hosts:
        assert query(host, database.any, SERVER_ID) == "1"


def test_sessions_are_logged_as_tcplog_with_the_server_that_took_them(database, syslog):
    for host in database.proxy.hosts:
        query(host, database.primary, SERVER_ID)
    name = database.servers.primary.name
    lines = syslog.wait_for(rf" mysql-primary mysql-primary/{name} \d+/\d+/\d+ \d+ -- ",
                            count=len(database.proxy.hosts))
    assert all(line.facility == "local1" and line.severity == "info"
               for line in (lines if isinstance(lines, list) else [lines]))


class LongSession:
    """A mysql client that stays connected; it ends by itself only when its connection does."""

    def __init__(self, host, port):
        self.port = port
        self._client = subprocess.Popen(
            ["mysql", "--no-defaults", "-sN", "-n", "--skip-ssl", "--skip-reconnect", f"--host={host}",
             f"--port={port}", "--user=app", "--password=app"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._client.stdin.write(SERVER_ID + ";\n")
        self._client.stdin.flush()
        self.server_id = self._client.stdout.readline().strip()
        self._peer = self._client.pid

    def has_ended(self):
        """Asks again; a client whose connection was closed gives up."""
        if self._client.poll() is None:
            try:
                self._client.stdin.write("SELECT 1;\n")
                self._client.stdin.flush()
                return self._client.stdout.readline() == ""
            except BrokenPipeError:
                return True
        return True

    def close(self):
        if self._client.poll() is None:
            self._client.stdin.close()
        self._client.wait(5)


def set_state(database, name, state):
    return database.proxy.runtime.ask(f"set server {name} state {state}")


def readers(database, host):
    return {query(host, database.replica, SERVER_ID) for _ in range(4)}
