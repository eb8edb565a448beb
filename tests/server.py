"""An OpenAI-compatible server on loopback that does what a test says: answers, errors, silence, broken lines.

def behave(received: Received) -> Answer:
    return say('{"name": "x"}') if received.number > 1 else status(500)

with Server(behave) as server:
    ...  # server.url is the base URL, server.received what came, server.most_open how many stood open at once
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """A request: its number from 1, path, headers in lower case, body and time."""

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The chat messages."""
        return list(self.body["messages"])

    @property
    def prompt(self) -> str:
        """All text of the messages."""
        return "\n".join(str(m["content"]) for m in self.messages)

    @property
    def mode(self) -> str:
        """The mode in which the answer is asked for, as the request shows it."""
        if self.body.get("tools"):
            return "tools"
        kind = self.body.get("response_format", {}).get("type", "")
        return {"json_schema": "json_schema", "json_object": "json"}.get(kind, "md_json")


@dataclass(frozen=True)
class Answer:
    """What to do: send a message (as a tool call where tools are offered), a status, nothing, or half of it.

    Attributes:
        text: The model's text.
        form: ``auto``, ``tool``, ``content``, or ``none`` for a message without either.
        calls: How many tool calls carry the text.
        extra: Further fields of the message, such as a refusal.
        finish_reason: None gives the usual one.
        status: HTTP status; other than 200 sends ``raw``.
        raw: The body as it is, in place of a completion.
        headers: Further headers.
        delay: Seconds before the answer.
        hang: Never answer.
        reset: Send half of the body, then reset the connection.
        usage: The token counts; None counts characters, False leaves them out.
    """

    text: str = ""
    form: str = "auto"
    calls: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)
    finish_reason: str | None = None
    status: int = 200
    raw: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang: bool = False
    reset: bool = False
    usage: Mapping[str, Any] | bool | None = None

    def after(self, seconds: float) -> "Answer":
        """Return the same answer, later."""
        return replace(self, delay=seconds)


def say(value: Any, *, form: str = "auto", finish_reason: str | None = None, **usage: Any) -> Answer:
    """Answer with a text, or with a value as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Answer(text, form=form, finish_reason=finish_reason, usage=usage or None)


def status(http: int, message: str = "no", headers: Mapping[str, str] | None = None, **error: Any) -> Answer:
    """Answer with an HTTP error in OpenAI's form."""
    body = json.dumps({"error": {"message": message, **error}})
    return Answer(status=http, raw=body, headers=headers or {})


def refuse(words: str = "I can't help with that.") -> Answer:
    """Refuse in the way of the API."""
    return Answer(form="none", extra={"refusal": words})


Behaviour = Callable[[Received], Answer]


class Server:
    """The server; ``behave`` chooses the answer to each request."""

    handler: "type[Handler]"

    def __init__(self, behave: Behaviour, listing: Answer | None = None) -> None:
        """``listing`` answers the question for the list of models; None lists one, ``scripted``."""
        self.behave = behave
        self.listing = listing
        self.received: list[Received] = []
        self.open = 0
        self.most_open = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        handler = type("OwnHandler", (self.handler,), {"server_owner": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def calls(self) -> int:
        """How many requests came."""
        return len(self.received)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def enter(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Received:
        """Record a request that came in."""
        with self._lock:
            received = Received(len(self.received) + 1, path, headers, body, time.monotonic())
            self.received.append(received)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        return received

    def leave(self) -> None:
        """Record that its answer is about to go out."""
        with self._lock:
            self.open -= 1


class Handler(BaseHTTPRequestHandler):
    """Answers for a server; another server may bring another."""

    protocol_version = "HTTP/1.1"
    server_owner: Server

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """List the models."""
        if (listing := self.server_owner.listing) is not None:
            self.send(listing.status, listing.raw or "", listing.headers)
            return
        self.send(200, json.dumps({"object": "list", "data": [{"id": "scripted", "object": "model"}]}), {})

    def do_POST(self) -> None:
        """Do what the test says."""
        owner = self.server_owner
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        received = owner.enter(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        try:
            answer = owner.behave(received)
            if answer.hang:
                owner.closing.wait(30)
                self.close_connection = True
                return
            if answer.delay:
                time.sleep(answer.delay)
        finally:
            owner.leave()
        text = answer.raw if answer.raw is not None else json.dumps(completion(received, answer), ensure_ascii=False)
        if answer.reset:
            self._half(text.encode())
        else:
            self.send(answer.status, text, answer.headers)

    def send(self, code: int, text: str, headers: Mapping[str, str]) -> None:
        """Send an answer."""
        data = text.encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        try:
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # the client has gone

    def _half(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        time.sleep(0.02)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


Server.handler = Handler


def completion(received: Received, answer: Answer) -> dict[str, Any]:
    """Return a chat completion with an answer in it."""
    tools = received.body.get("tools")
    tool = answer.form == "tool" or (answer.form == "auto" and bool(tools))
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if tool:
        name = tools[0]["function"]["name"] if tools else "answer"
        function = {"name": name, "arguments": answer.text}
        message["tool_calls"] = [
            {"id": f"call_{i}", "type": "function", "function": function} for i in range(answer.calls)
        ]
    elif answer.form != "none":
        message["content"] = answer.text
    choice = {
        "index": 0,
        "message": {**message, **answer.extra},
        "finish_reason": answer.finish_reason or ("tool_calls" if tool else "stop"),
    }
    given, taken = len(received.prompt), len(answer.text)
    usage: Any = {"prompt_tokens": given, "completion_tokens": taken, "total_tokens": given + taken}
    if isinstance(answer.usage, Mapping):
        usage = dict(answer.usage)
    made = {"id": f"scripted-{received.number}", "object": "chat.completion", "created": 0, "choices": [choice]}
    made["model"] = received.body.get("model", "scripted")
    return made if answer.usage is False else {**made, "usage": usage}
