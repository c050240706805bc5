"""Chromium through the proxy: a page of many parts over HTTP/2, and a WebSocket beside them.

Runs where Chromium is installed (Debian: apt-get install chromium).
"""

import json
import re
import shutil
import threading

import pytest

from harness.proxies import ROOT
from harness.servers import reply, websocket_echo
from harness.wait import wait_until

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.kinds("lbd"),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

CERTS = ROOT / "tests" / "testing" / "certs"
NAME = "www.example.test"
PARTS = 50
ATTEMPTS = 3

CONFIG = """
global
    nbthread 2
    log "${{SYSLOG_ADDR}}" local0
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend web
    bind "*:{port}" ssl crt {certs}/site.pem alpn h2,http/1.1
    default_backend app
backend app
    server app1 {server} {words}
"""

# Loads its parts, each of which adds one, then speaks over a WebSocket, and tells what it saw.
PAGE = """<!doctype html><title>page</title>
<script>
let loaded = 0;
function tell(seen) { fetch("/told", {method: "POST", body: JSON.stringify(seen)}); }
window.onload = () => {
  const protocols = new Set(performance.getEntriesByType("resource").map(e => e.nextHopProtocol));
  const socket = new WebSocket("wss://" + location.host + "/socket");
  const seen = {loaded, protocols: [...protocols]};
  socket.onopen = () => socket.send("hello");
  socket.onmessage = event => { seen.echo = event.data; socket.close(1000); };
  socket.onclose = event => { seen.closed = event.code; tell(seen); };
};
</script>
%s
""" % "\n".join(f'<script src="/part/{i}"></script>' for i in range(PARTS))


class App:
    """The page, its parts, and what the page tells."""

    def __init__(self):
        self.told = None
        self.has_told = threading.Event()

    def __call__(self, request, sock):
        if request.target == "/":
            return reply(200, PAGE, [("Content-Type", "text/html")])
        if request.target.startswith("/part/"):
            return reply(200, "++loaded;" + " " * 5000, [("Content-Type", "text/javascript")])
        if request.target == "/socket":
            return websocket_echo(request, sock)
        if request.target == "/told":
            self.told = json.loads(request.body)
            self.has_told.set()
            return reply(200)
        return reply(404)


def browse(stage, proxy, url):
    profile = stage.directory("chromium")
    # Without a sandbox: it cannot be set up by root. What it loads is the page above.
    stage.run("chromium", [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--ignore-certificate-errors",
        "--remote-debugging-port=0", f"--user-data-dir={profile}",
        f"--host-resolver-rules=MAP {NAME} {proxy.host}", url],
        env={**proxy.env, "HOME": str(profile)})


@pytest.mark.parametrize("chained", [False, True], ids=["to HTTP/1.1", "to HTTP/2"])
def test_a_page_and_a_websocket_share_an_http2_connection(stage, proxy, syslog, chained):
    app, port = App(), stage.port()
    address, words, more = proxy.at(stage.web("app1", app)), "", ""
    if chained:
        inner = stage.port()
        more = (f'frontend inner\n    bind "127.0.0.1:{inner}" proto h2\n    default_backend last\n'
                f"backend last\n    server app1 {address}\n")
        address, words = f"127.0.0.1:{inner}", "proto h2"
    proxy.start(CONFIG.format(port=port, certs=CERTS, server=address, words=words) + more)
    # A part without a protocol was given up by the browser, as it does with all it loads when a network
    # interface comes or goes (ERR_NETWORK_CHANGED): tests beside this one make and remove some.
    for _ in range(ATTEMPTS):
        app.has_told.clear()
        browse(stage, proxy, f"https://{NAME}:{port}/")
        wait_until(app.has_told.is_set, 30, "what the page tells")
        if "" not in app.told["protocols"]:
            break
        syslog.clear()
    assert app.told == {"loaded": PARTS, "protocols": ["h2"], "echo": "hello", "closed": 1000}
    for part in ("/part/0", f"/part/{PARTS - 1}", "/socket"):
        syslog.wait_for(re.escape(f'{NAME}:{port}{part} HTTP/2.0"'))
    of_web = [line.text for line in syslog.lines if "] web~ " in line.text]
    assert all('HTTP/2.0"' in line for line in of_web), of_web
    assert len({line.split(" ")[0] for line in of_web}) == 1, of_web
