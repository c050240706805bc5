"""Request and response rules, ACLs and routing."""

import pytest

from harness.servers import reply
from harness.wire import Client, get

CONFIG = """
global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend web
    bind "127.0.0.1:{port}"
    {rules}
    default_backend app
backend app
    {backend}
    server app1 {app}
backend other
    server other1 {other}
"""


@pytest.fixture
def app(stage):
    return stage.web("app1")


@pytest.fixture
def port(stage):
    return stage.port()


@pytest.fixture
def with_rules(stage, proxy, app, port):
    """Starts the proxy with these lines in the frontend (and in the backend)."""
    other = stage.web("other1")

    def start(rules="", backend=""):
        proxy.start(CONFIG.format(port=port, rules=rules, backend=backend, app=proxy.at(app),
                                  other=proxy.at(other)))
    return start


# Fields of the request as the server sees them: rule, fields sent, name, values expected.
REQUEST_RULES = [
    ("set-header X-A new", [("X-A", "old"), ("x-a", "older")], "x-a", ["new"]),
    ("add-header X-A new", [("X-A", "old")], "x-a", ["old", "new"]),
    ("del-header X-A", [("X-A", "one"), ("X-A", "two"), ("X-B", "b")], "x-a", []),
    ("replace-header X-A (.*)=(.*) \\2=\\1", [("X-A", "k=v, a=b")], "x-a", ["b=k=v, a"]),
    ("replace-value X-A (.)=(.) \\2=\\1", [("X-A", "k=v, a=b")], "x-a", ["v=k, b=a"]),
    ("set-header X-A %[src]", [], "x-a", ["127.0.0.1"]),
    ("set-header X-A %[path]?%[method]", [], "x-a", ["/dir/file.txt?GET"]),
    ("set-header X-A %[req.hdr(host)]", [], "x-a", ["test"]),
    ('set-header X-A "two words"', [], "x-a", ["two words"]),
    ("set-header X-A yes if { path_beg /dir }", [], "x-a", ["yes"]),
    ("set-header X-A yes if { path_beg /DIR }", [], "x-a", []),
    ("set-header X-A yes if { path_beg -i /DIR }", [], "x-a", ["yes"]),
    ("set-header X-A yes if { path_end .txt } { method GET }", [], "x-a", ["yes"]),
    ("set-header X-A yes if { path_end .jpg } || { method GET }", [], "x-a", ["yes"]),
    ("set-header X-A yes unless { path /dir/file.txt }", [], "x-a", []),
    ("set-header X-A yes if !{ path /other }", [], "x-a", ["yes"]),
    ("set-header X-A yes if { hdr(x-b) -i two }", [("X-B", "one, Two")], "x-a", ["yes"]),
    ("set-header X-A yes if { src 127.0.0.0/8 ::1 }", [], "x-a", ["yes"]),
    ("set-header X-A yes if { src 10.0.0.0/8 }", [], "x-a", []),
    ("set-header X-A yes if { always_true }", [], "x-a", ["yes"]),
]


@pytest.mark.parametrize("rule, sent, name, expected", REQUEST_RULES,
                         ids=[row[0].replace(" ", "_") for row in REQUEST_RULES])
def test_request_rule(rule, sent, name, expected, with_rules, proxy, port, app):
    with_rules(f"http-request {rule}")
    assert get(proxy.host, port, "/dir/file.txt", sent).status == 200
    values = ", ".join(app.requests[-1].all(name))
    # Blanks between the parts of a list mean nothing (RFC 9110 section 5.6.1).
    assert values.replace(", ", ",") == ",".join(expected).replace(", ", ",")


RESPONSE_RULES = [
    ("set-header X-A new", ["new"]),
    ("add-header X-A new", ["k=v", "new"]),
    ("del-header X-A", []),
    ("replace-header X-A (.)=(.) \\2=\\1", ["v=k"]),
    ("replace-value X-A (.)=(.) \\2=\\1", ["v=k"]),
]


@pytest.mark.parametrize("rule, expected", RESPONSE_RULES,
                         ids=[row[0].replace(" ", "_") for row in RESPONSE_RULES])
def test_response_rule(rule, expected, with_rules, proxy, port, app):
    app.answer = lambda *_: reply(200, "ok", [("X-A", "k=v")])
    with_rules(backend=f"http-response {rule}")
    assert get(proxy.host, port).all("x-a") == expected


# Replies the proxy makes itself: rule, path, status, fields, body (None: not looked at).
OWN_REPLIES = [
    ("deny", "/", 403, {}, None),
    ("deny deny_status 413", "/", 413, {}, None),
    ("deny deny_status 429", "/", 429, {}, None),
    ("deny deny_status 503 if { path /x }", "/x", 503, {}, None),
    ('return status 200 content-type text/plain string "hello there"', "/", 200,
     {"content-type": "text/plain", "content-length": "11"}, "hello there"),
    ('return status 418 content-type text/plain lf-string "you asked %[path]"', "/tea", 418, {},
     "you asked /tea"),
    ("return status 204 hdr X-Empty yes", "/", 204, {"x-empty": "yes"}, ""),
    ("redirect location /there", "/here", 302, {"location": "/there"}, None),
    ("redirect location /there code 301", "/here", 301, {"location": "/there"}, None),
    ("redirect prefix https://b.test", "/a?b=c", 302, {"location": "https://b.test/a?b=c"}, None),
    ("redirect prefix /new drop-query", "/a?b=c", 302, {"location": "/new/a"}, None),
    ("redirect scheme https code 308", "/a", 308, {"location": "https://test/a"}, None),
]


@pytest.mark.parametrize("rule, path, status, fields, body", OWN_REPLIES,
                         ids=[row[0].replace(" ", "_") for row in OWN_REPLIES])
def test_own_reply(rule, path, status, fields, body, with_rules, proxy, port, app):
    with_rules(f"http-request {rule}")
    response = get(proxy.host, port, path)
    assert response.status == status
    assert {name: response.get(name) for name in fields} == fields
    assert body is None or response.text == body
    assert app.requests == []


def test_own_replies_leave_the_connection_open(with_rules, proxy, port):
    with_rules("http-request deny if { path /no }\n    http-request redirect location /b if { path /a }")
    with Client(proxy.host, port) as client:
        assert client.get("/a").status == 302
        assert client.get("/").text == "OK app1\n"


def test_own_reply_to_head_has_no_body(with_rules, proxy, port):
    with_rules("http-request return status 200 content-type text/plain string body if { path /r }")
    with Client(proxy.host, port) as client:
        head = client.get("/r", method="HEAD")
        assert (head.status, head.get("content-length")) == (200, "4")
        assert client.get("/").text == "OK app1\n"


def test_a_denied_response_is_502(with_rules, proxy, port, app):
    with_rules(backend="http-response deny if { always_true }")
    assert get(proxy.host, port).status == 502
    assert len(app.requests) == 1


def test_rules_run_in_order_and_the_first_final_one_ends(with_rules, proxy, port):
    with_rules("http-request set-header X-Zone a\n"
               "    http-request deny deny_status 401 if { req.hdr(x-zone) a }\n"
               "    http-request return status 200")
    assert get(proxy.host, port).status == 401


def test_use_backend_takes_the_first_match_and_default_backend_the_rest(with_rules, proxy, port):
    with_rules("acl is_other path_beg /other\n    acl is_other hdr(x-other) yes\n"
               "    use_backend other if is_other")
    assert get(proxy.host, port, "/other/1").text == "OK other1\n"
    assert get(proxy.host, port, "/", [("X-Other", "yes")]).text == "OK other1\n"
    assert get(proxy.host, port, "/").text == "OK app1\n"


def test_each_request_of_a_connection_is_routed_by_itself(with_rules, proxy, port):
    with_rules("use_backend other if { path_beg /other }")
    with Client(proxy.host, port) as client:
        paths = ["/", "/other", "/", "/other/x"]
        assert [client.get(path).text for path in paths] == \
            ["OK app1\n", "OK other1\n", "OK app1\n", "OK other1\n"]


def test_patterns_are_read_from_a_file(with_rules, proxy, port):
    patterns = proxy.directory / "paths.lst"
    patterns.write_text("# paths of the other backend\n/one\n\n/two\n")
    with_rules(f"use_backend other if {{ path -f {patterns} }}")
    assert [get(proxy.host, port, path).text for path in ("/one", "/two", "/three")] == \
        ["OK other1\n", "OK other1\n", "OK app1\n"]


def test_forwardfor_appends_and_may_be_limited(with_rules, proxy, port, app):
    with_rules("option forwardfor except 127.0.0.0/8", backend="option forwardfor header X-Client")
    get(proxy.host, port, "/", [("X-Forwarded-For", "10.1.1.1")])
    assert app.requests[-1].all("x-forwarded-for") == ["10.1.1.1"]


def test_forwardfor_adds_a_field_behind_those_that_came(with_rules, proxy, port, app):
    with_rules("option forwardfor")
    get(proxy.host, port, "/", [("X-Forwarded-For", "10.1.1.1")])
    assert ", ".join(app.requests[-1].all("x-forwarded-for")) == "10.1.1.1, 127.0.0.1"
