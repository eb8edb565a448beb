"""What an endpoint says when it doesn't answer, put so that people know what to do; and what is remembered of it."""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from .cache import ENDPOINTS
from .config import ModelConfig

_TOO_LONG = re.compile(r"context_length_exceeded|exceed_context_size|maximum context length|context window", re.I)
_LONGEST = 300


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that an endpoint asks to wait: ``Retry-After`` as seconds or as an HTTP date (RFC 9110)."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())


def said(body: object) -> tuple[str, str]:
    """Return the message and the codes of an error body, whatever its shape."""
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict):
            codes = " ".join(str(inner.get(k) or "") for k in ("code", "type", "param"))
            return str(inner.get("message") or ""), codes
        return str(inner), ""
    return str(body or ""), ""


def too_long(status: int | None, body: object) -> bool:
    """Whether the endpoint refused a prompt for its length."""
    return status == 413 or (status in {400, 422, 500} and bool(_TOO_LONG.search(" ".join(said(body)))))


def spent_up(status: int | None, body: object) -> bool:
    """Whether a 429 means an empty account, which waiting doesn't fill."""
    return status == 429 and "insufficient_quota" in said(body)[1]


def explain(status: int, body: object, config: ModelConfig) -> str:
    """Say what a failed call means and what to do."""
    words = " ".join(said(body)[0].split())
    words = f" It says: {words[:_LONGEST]}" if words else ""
    where = f"{config.host} ({status})"
    if status == 401:
        text = f"{where} refuses the key. Set OPENAI_API_KEY to a key for this endpoint, or mend --base-url."
    elif status == 403:
        text = f"{where} doesn't allow this. Choose a --model that the key may use, or ask for access."
    elif status == 404:
        text = (
            f"{where} knows no model {config.model!r}, or nothing at this address. Choose another --model, or mend "
            f"--base-url (it usually ends in /v1)."
        )
    elif too_long(status, body):
        text = f"{where}: the prompt is too long for the model {config.model!r}. Send less text at once."
    elif spent_up(status, body):
        text = f"{where}: the account is used up. Add credit or choose another endpoint."
    elif status == 429:
        text = f"{where} allows no more requests for now. Lower --concurrency or try later; what is done is kept."
    elif status >= 500:
        text = f"{where} fails. Try later; what is done is kept."
    else:
        text = f"{where} refuses the request. Choose another --mode or --model."
    return scrub(text + words, config)


def scrub(text: str, config: ModelConfig) -> str:
    """Take the key out of a text that others wrote."""
    key = config.api_key.get_secret_value() if config.api_key else ""
    return text.replace(key, "***") if key else text


def endpoint_name(config: ModelConfig) -> str:
    """Return a name for an endpoint and model under which facts are kept; an address may hold secrets, this doesn't."""
    return hashlib.sha256(f"{config.base_url}\n{config.model}".encode()).hexdigest()[:16]


def recall(folder: Path, name: str) -> dict[str, Any]:
    """Return what was found out about an endpoint, or nothing."""
    known = _known(folder).get(name)
    return known if isinstance(known, dict) else {}


def remember(folder: Path, name: str, facts: Mapping[str, Any]) -> bool:
    """Note what was found out about an endpoint; returns whether it could be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**_known(folder), name: dict(facts)}, ensure_ascii=False, indent=1, sort_keys=True)
        handle, temporary = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text + "\n")
        Path(temporary).replace(folder / ENDPOINTS)
    except OSError:
        return False
    return True


def _known(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / ENDPOINTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
