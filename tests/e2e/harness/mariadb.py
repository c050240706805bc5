"""Three real MariaDB servers with GTID replication: one primary, two read-only replicas."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from .ports import Ports
from .process import Process
from .wait import wait_until

ACCOUNTS = """
SET sql_log_bin=0;
CREATE USER lbping@'%';
CREATE USER lbcheck@'%' IDENTIFIED BY 'lbcheck';
GRANT SLAVE MONITOR, BINLOG MONITOR, REPLICATION MASTER ADMIN ON *.* TO lbcheck@'%';
CREATE USER repl@'%' IDENTIFIED BY 'repl';
GRANT REPLICATION SLAVE ON *.* TO repl@'%';
CREATE USER app@'%' IDENTIFIED BY 'app';
CREATE DATABASE app;
GRANT ALL ON app.* TO app@'%';
"""

OPTIONS = """[mariadbd]
datadir={directory}/data
socket={directory}/mysqld.sock
pid_file={directory}/mysqld.pid
port={port}
bind_address=0.0.0.0
server_id={server_id}
report_host=127.0.0.1
report_port={port}
log_bin=binlog
gtid_strict_mode=1
log_slave_updates=1
read_only={read_only}
skip_name_resolve=1
slave_net_timeout=5
innodb_buffer_pool_size=16M
innodb_log_file_size=4M
innodb_flush_log_at_trx_commit=0
innodb_use_native_aio=0
sync_binlog=0
aria_pagecache_buffer_size=1M
key_buffer_size=64K
performance_schema=0
max_connections=60
thread_cache_size=4
"""


class MariaDb:
    """One server. Its administrator is root over the unix socket."""

    def __init__(self, name, server_id, directory, port):
        self.name, self.server_id, self.directory, self.port = name, server_id, directory, port
        self.process = None

    def start(self):
        self.process = Process(self.name, ["mariadbd", f"--defaults-file={self.directory}/my.cnf",
                                           *_user_option()], self.directory / "server.log")

    def answers(self):
        return subprocess.run(self._argv("SELECT 1"), capture_output=True).returncode == 0

    def sql(self, statements):
        """Runs statements as the administrator; the rows as text."""
        done = subprocess.run(self._argv(statements), capture_output=True, text=True)
        assert done.returncode == 0, f"{self.name}: {statements}: {done.stderr}"
        return done.stdout.strip()

    def follow(self, primary):
        self.sql(f"""
            STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=1;
            CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port},
              MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_USE_GTID=slave_pos,
              MASTER_HEARTBEAT_PERIOD=0.5, MASTER_CONNECT_RETRY=1;
            START SLAVE""")

    def follows(self):
        """Both threads of the replica run: Slave_IO_Running and Slave_SQL_Running stand together."""
        return "\tYes\tYes\t" in self.sql("SHOW SLAVE STATUS")

    def gtid(self):
        return self.sql("SELECT @@gtid_current_pos")

    def catch_up_with(self, primary):
        position = primary.gtid()
        assert self.sql(f"SELECT MASTER_GTID_WAIT('{position}', 10)") == "0", "replica lags"

    def _argv(self, statements):
        return ["mysql", "--no-defaults", "-sN", f"--socket={self.directory}/mysqld.sock",
                "--user=root", "-e", statements]


class MariaDbSet:
    """mysrv1 to mysrv3; `primary` says which of them writes."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="lbe2e-mariadb-"))
        self.directory.chmod(0o755)
        self.ports = Ports()
        self.servers = []
        self.primary = None

    @property
    def replicas(self):
        return [server for server in self.servers if server is not self.primary]

    def start(self):
        template = self.directory / "template"
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={template}",
                        "--skip-test-db", "--force",
                        "--auth-root-authentication-method=socket",
                        "--innodb-log-file-size=4M", *_user_option()], check=True,
                       capture_output=True)
        for number in (1, 2, 3):
            self.servers.append(self._make(number, template))
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.process.wait_ready(server.answers, timeout=25)
            server.sql(ACCOUNTS)
        self.primary = self.servers[0]
        self.primary.sql("SET GLOBAL read_only=0")
        for replica in self.replicas:
            replica.follow(self.primary)
        self.wait_replicating()
        self.primary.sql("CREATE TABLE app.notes (id INT AUTO_INCREMENT PRIMARY KEY, note TEXT)")
        return self

    def promote(self, new):
        """Makes `new` the primary without losing a write; the old one becomes its replica."""
        old = self.primary
        old.sql("SET GLOBAL read_only=1")
        for replica in self.replicas:
            replica.catch_up_with(old)
        new.sql("STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=0")
        self.primary = new
        for replica in self.replicas:
            replica.follow(new)
        self.wait_replicating()

    def wait_replicating(self):
        for replica in self.replicas:
            wait_until(replica.follows, 20, lambda r=replica: r.sql("SHOW SLAVE STATUS"),
                       interval=0.1)

    def by_name(self, name):
        return next(server for server in self.servers if server.name == name)

    def stop(self):
        for server in self.servers:
            server.process.kill()
        self.ports.release()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _make(self, number, template):
        directory = self.directory / f"mysrv{number}"
        directory.mkdir()
        shutil.copytree(template, directory / "data")
        server = MariaDb(f"mysrv{number}", number, directory, self.ports.free())
        (directory / "my.cnf").write_text(OPTIONS.format(
            directory=directory, port=server.port, server_id=number, read_only=1))
        return server


def _user_option():
    """mariadbd refuses to be root without being told so."""
    return [f"--user={pwd.getpwuid(os.geteuid()).pw_name}"]


def query(host, port, statement, database="app", timeout=5):
    """One statement through the proxy, as the application: Debian's mysql client."""
    done = subprocess.run(
        ["mysql", "--no-defaults", "-sN", f"--connect-timeout={timeout}", "--skip-ssl",
         f"--host={host}", f"--port={port}", "--user=app", "--password=app", "-e", statement,
         database], capture_output=True, text=True)
    assert done.returncode == 0, f"{host}:{port}: {statement}: {done.stderr}"
    return done.stdout.strip()
