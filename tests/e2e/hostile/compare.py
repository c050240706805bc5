"""What the tables expect in full, and what of it is compared with HAProxy.

Of us every byte is compared. HAProxy writes the same messages its own way; not compared with it are
    the letter case of field names, the order of fields, reason phrases;
    its error pages beyond their status, and Connection fields of replies;
    :scheme of what came over HTTP/1 (it says "https" on any connection), and that it leaves
    Host as a field there, where we make :authority of it (RFC 9113 section 8.3.1);
    how bodies are cut into chunks.
"""

import re

from .cases import LAST, Upto

_PAGES = {
    400: ("Bad request", "Your browser sent an invalid request."),
    414: ("URI Too Long", "The request target is longer than this proxy accepts."),
    422: ("Unprocessable Content", "The server cannot process the contained instructions."),
    431: ("Request Header Fields Too Large",
          "The request's header fields are larger than this proxy accepts."),
    502: ("Bad Gateway", "The server returned an invalid or incomplete response."),
    503: ("Service Unavailable", "No server is available to handle this request."),
    504: ("Gateway Time-out", "The server didn't respond in time."),
}
_CLOSING = (400, 414, 422, 431)
_PAGE_MARK = "<html><body><h1>"


def expand(value, pairing):
    """The reply that a value of a table stands for, as the client of `pairing` sees it."""
    if isinstance(value, list):
        parts = [expand(part, pairing) for part in value]
        return "".join(parts) if pairing[0] == "h1" else tuple(e for part in parts for e in part)
    if value == 200 or value == LAST:
        return _usual(pairing, is_last=value == LAST)
    return _page(value, pairing[0]) if isinstance(value, int) else value


def _usual(pairing, is_last):
    if pairing[0] == "h2":
        return (":status: 200", "content-length: 2", "DATA ok", "END")
    name = "Content-Length" if pairing[1] == "h1" else "content-length"
    last = "connection: close\r\n" if is_last else ""
    return f"HTTP/1.1 200 OK\r\n{name}: 2\r\n{last}\r\nok"


def _page(status, client):
    reason, text = _PAGES[status]
    body = f"{_PAGE_MARK}{status} {reason}</h1>\n{text}\n</body></html>\n"
    if client == "h2":
        return (f":status: {status}", "cache-control: no-cache", "content-type: text/html",
                f"content-length: {len(body)}", "DATA " + body, "END")
    closing = "connection: close\r\n" if status in _CLOSING else ""
    return (f"HTTP/1.1 {status} {reason}\r\ncontent-length: {len(body)}\r\n"
            f"cache-control: no-cache\r\ncontent-type: text/html\r\n{closing}\r\n{body}")


def without_reset(events):
    """A stream's events but for how it was reset: a connection that closes may swallow that."""
    if isinstance(events, str):
        return events
    return tuple(event for event in events if not event.startswith("RST "))


def canonical(seen, pairing, is_reply):
    """What of a reply, or of what a server saw, has to be the same with HAProxy."""
    if isinstance(seen, str):
        return tuple(_messages(seen, is_reply))
    return tuple(_blocks(seen, forget_scheme=pairing[0] == "h1"))


def begins(record, wanted, pairing, is_ours):
    """Whether a record is a beginning of what an Upto holds."""
    if isinstance(record, str):
        if not is_ours:
            record, wanted = record.lower(), wanted.lower()
        return wanted.startswith(record)
    if not is_ours:
        record, wanted = (canonical(seen, pairing, is_reply=False) for seen in (record, wanted))
    *before, last = record or ("",)
    at = len(before)
    return before == list(wanted[:at]) and "".join(wanted[at:at + 1]).startswith(last)


def _messages(text, is_reply):
    while text:
        head, found, rest = text.partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        if not found or any(":" not in line for line in lines):
            yield text
            return
        pairs = [line.split(":", 1) for line in lines]
        fields = sorted((name.lower(), value.strip()) for name, value in pairs)
        if is_reply:
            start = " ".join(start.split(" ")[:2])
            fields = [field for field in fields if field[0] != "connection"]
        body, text = _body(start, dict(fields), rest)
        if is_reply and str(body).startswith(_PAGE_MARK):
            yield "page " + start.split(" ")[1]
        else:
            yield (start, tuple(fields), body)


def _body(start, fields, rest):
    """The body of a message, with its trailers, and what stands behind it."""
    if re.match(r"HTTP/1.[01] (1|204|304)", start):
        return "", rest
    if "chunked" in fields.get("transfer-encoding", "").lower():
        return _chunks(rest)
    if "content-length" in fields:
        size = int(fields["content-length"])
        return rest[:size], rest[size:]
    return (rest, "") if start.startswith("HTTP/") else ("", rest)


def _chunks(rest):
    body, at = "", 0
    while match := re.compile(r"([0-9a-fA-F]+)[^\r\n]*\r\n").match(rest, at):
        size, begin = int(match[1], 16), match.end()
        if size == 0:
            if end := re.compile(r"((?:[^\r\n]+\r\n)*)\r\n").match(rest, begin):
                return (body, tuple(sorted(end[1].lower().split("\r\n")))), rest[end.end():]
            break
        body += rest[begin:begin + size]
        at = begin + size + 2
    return (body, "UNFINISHED"), ""


def _blocks(events, forget_scheme):
    """The events with the fields of each block sorted."""
    block = []
    for event in (*events, None):
        if event is not None and re.match(r":?[^ ]*: |\+", event) and not event.startswith("DATA "):
            block.append(event)
            continue
        if block:
            yield from _block(block, forget_scheme)
            block = []
        if event is not None:
            yield "DATA page" if event.startswith("DATA " + _PAGE_MARK) else event


def _block(block, forget_scheme):
    if forget_scheme:
        block = [event for event in block if not event.startswith(":scheme: ")]
        if not any(event.startswith(":authority: ") for event in block):
            block = [re.sub("^host: ", ":authority: ", event) for event in block]
    page = ("cache-control: no-cache", "content-type: text/html")
    if set(page) <= set(block):
        return block[:1]
    return sorted(block)
