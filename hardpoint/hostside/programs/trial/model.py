"""A model on loopback that does what a script says: one tool call a turn, then the end.

It is also what the agent can be seen by: what its tools returned comes back with the next request.
"""

import http.server
import json
import threading
import time

import dialects


class Script:
    """Rows, one after the other. `rows`: of (row, [Call]). After a row's last result
    `finished(row, results)` is called, before the agent is told anything more.

    A request is the conversation's next when it holds the result of the call that the agent was
    last given; otherwise (a retry, another conversation) it is given that call once more.
    """

    def __init__(self, rows, finished):
        self._rows = list(rows)
        self._finished = finished
        self._lock = threading.Lock()
        self._sent = 0
        self._results = []
        self.asked = False
        self.tools = {}
        self.last = time.monotonic()

    @property
    def open_row(self):
        """The row whose call the agent has and has not answered, or None."""
        return self._rows[0][0] if self._rows and self.asked else None

    @property
    def left(self):
        return [row for row, _ in self._rows]

    def next(self, asked):
        """The call that answers a request, None at the end."""
        with self._lock:
            self.last = time.monotonic()
            self.asked = True
            self.tools.update(asked.tools)
            while self._rows:
                row, calls = self._rows[0]
                call = calls[self._sent]
                if call.id not in asked.results:
                    return call
                self._results.append(asked.results[call.id])
                self._sent += 1
                if self._sent == len(calls):
                    self._rows.pop(0)
                    results, self._sent, self._results = self._results, 0, []
                    self._finished(row, results)
            return None


class Model(http.server.ThreadingHTTPServer):
    """The server. `script` is set for each session; `tokens` are looked for in all that the agent sends."""

    daemon_threads = True
    script = None

    def __init__(self, address, tokens):
        self._tokens = {token.encode() for token in tokens}
        self.seen = set()
        self.strange = set()
        super().__init__(address, _Handler)

    def look(self, raw):
        self.seen |= {token.decode() for token in self._tokens if token in raw}

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?")[0]
        self._send(dialects.fixed(path) or {}, 200 if dialects.fixed(path) else 404)

    def do_POST(self):
        path = self.path.split("?")[0]
        raw = self._body()
        found = dialects.dialect(path)
        if not found:
            answer = dialects.fixed(path)
            if answer is None:
                self.server.strange.add(path)
            self._send(answer or {}, 200 if answer else 404)
            return
        read, reply = found
        self.server.look(raw)
        try:
            asked = read(json.loads(raw), path)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.server.strange.add("%s: %s %s" % (path, type(error).__name__, error))
            self._send({"error": {"message": "no such request"}}, 400)
            return
        # what has no tools is not the conversation: titles, summaries, checks
        script = self.server.script
        call = script.next(asked) if script and asked.tools else None
        text = "{}" if asked.wants_json else "Done."
        kind = "text/event-stream" if asked.stream else "application/json"
        self._send(reply(asked, call, text), 200, kind)

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
            if not size:
                return b"".join(parts)

    def _send(self, answer, status, kind="application/json"):
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass  # the agent has gone
