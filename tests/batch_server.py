"""A server on loopback with the Batch API beside chat completions: files, batches, answers as a test says.

with BatchServer(behave) as server:
    ...          # submit
    server.end() # the batches that are open are answered, each line as ``behave`` does
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from .server import Answer, Behaviour, Handler, Received, Server, completion

Outcome = Callable[[int, dict[str, Any]], dict[str, Any] | None]


class BatchServer(Server):
    """Of a request such as ``POST /files`` ``refuse`` gives the status, or None; ``lose`` loses the answer."""

    def __init__(self, behave: Behaviour) -> None:
        """``behave`` answers the lines of batches too."""
        super().__init__(behave)
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.refuse: Callable[[str], int | None] = lambda _: None
        self.lose: Callable[[str], bool] = lambda _: False

    def end(self, status: str = "completed", outcome: Outcome | None = None) -> None:
        """End all open batches.

        Args:
            status: What they say then.
            outcome: Makes the record of a line in place of ``behave``: from its number and the usual record; None
                leaves it out.
        """
        for batch in self.batches.values():
            if batch["status"] in ("in_progress", "cancelling"):
                self._answer(batch, outcome or (lambda _, record: record))
                batch["status"] = status

    def _answer(self, batch: dict[str, Any], outcome: Outcome) -> None:
        good, bad = [], []
        for number, line in enumerate(self.files[batch["input_file_id"]].splitlines()):
            request = json.loads(line)
            record = outcome(number, self._record(request))
            if record is not None:
                fine = record["response"] is not None and record["response"]["status_code"] == 200
                (good if fine else bad).append(json.dumps(record, ensure_ascii=False))
        for kind, lines in (("output_file_id", good), ("error_file_id", bad)):
            batch[kind] = self.keep(("\n".join(lines) + "\n").encode()) if lines else None
        batch["request_counts"] = {"completed": len(good), "failed": len(bad), "total": len(good) + len(bad)}

    def _record(self, request: dict[str, Any]) -> dict[str, Any]:
        received = Received(0, request["url"], {}, request["body"], 0.0)
        answer: Answer = self.behave(received)
        body = json.loads(answer.raw) if answer.raw is not None else completion(received, replace(answer, delay=0))
        response = {"status_code": answer.status, "request_id": "r", "body": body}
        return {"id": "batch_req", "custom_id": request["custom_id"], "response": response, "error": None}

    def keep(self, data: bytes) -> str:
        """Keep a file; returns its id."""
        name = f"file-{len(self.files) + 1}"
        self.files[name] = data
        return name

    def questions(self) -> list[str]:
        """Return the keys of all questions of all batches, as often as they came."""
        lines = [line for b in self.batches.values() for line in self.files[b["input_file_id"]].splitlines()]
        return [json.loads(line)["custom_id"] for line in lines]


class _BatchHandler(Handler):
    server_owner: BatchServer

    def do_POST(self) -> None:  # noqa: N802 - as http.server has it
        """Files, batches, or a completion."""
        if self.path.endswith("/chat/completions"):
            super().do_POST()
            return
        self._other("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_GET(self) -> None:  # noqa: N802 - likewise
        """Batches, files, or the models."""
        if "/batches" in self.path or "/files" in self.path:
            self._other("GET", b"")
            return
        super().do_GET()

    def _other(self, method: str, body: bytes) -> None:
        owner, path = self.server_owner, self.path.removeprefix("/v1")
        code = owner.refuse(f"{method} {path}")
        if code is not None:
            self.send(code, json.dumps({"error": {"message": "not today", "code": "no"}}), {})
            return
        text = self._text(owner, method, path, body)
        if owner.lose(f"{method} {path}"):
            self.close_connection = True
            self.connection.close()
            return
        self.send(200 if text is not None else 404, text or json.dumps({"error": {"message": "unknown"}}), {})

    def _text(self, owner: BatchServer, method: str, path: str, body: bytes) -> str | None:
        if (method, path) == ("POST", "/files"):
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = {
                part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()  # type: ignore[attr-defined]
            }
            assert parts["purpose"] == b"batch"
            name = owner.keep(parts["file"])
            about = {"id": name, "object": "file", "bytes": 1, "created_at": 0, "filename": "x", "purpose": "batch"}
            return json.dumps({**about, "status": "processed"})
        if (method, path) == ("POST", "/batches"):
            asked = json.loads(body)
            assert (asked["endpoint"], asked["completion_window"]) == ("/v1/chat/completions", "24h")
            name = f"batch_{len(owner.batches) + 1}"
            owner.batches[name] = {
                "id": name, "object": "batch", "created_at": 0, "status": "in_progress", "errors": None, **asked,
            }  # fmt: skip
            return json.dumps(owner.batches[name])
        if method == "GET" and path.startswith("/batches?"):
            return json.dumps({"object": "list", "data": list(owner.batches.values()), "has_more": False})
        if found := re.fullmatch(r"/batches/(\w+)(/cancel)?", path):
            batch = owner.batches.get(found[1])
            if batch and found[2]:
                batch["status"] = "cancelling"
            return json.dumps(batch) if batch else None
        if found := re.fullmatch(r"/files/([\w-]+)/content", path):
            return owner.files[found[1]].decode() if found[1] in owner.files else None
        return None


BatchServer.handler = _BatchHandler
