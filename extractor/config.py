"""Where the language model is and what it may cost: options before environment before a config file."""

import os
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from .errors import ExtractorError

CONFIG_NAME = "extractor.toml"
OPENAI_URL = "https://api.openai.com/v1"
Mode = Literal["auto", "tools", "json_schema", "json", "md_json"]
Form = Literal["rows", "choices"]

LOCAL = "local"  # the model that this program runs by itself, see extractor/local.py

_ENVIRONMENT = {
    "api_key": "OPENAI_API_KEY", "base_url": "OPENAI_BASE_URL", "model": "EXTRACTOR_MODEL", "gguf": "EXTRACTOR_GGUF",
    "cache": "EXTRACTOR_CACHE",
}  # fmt: skip
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_STORES = frozenset({"redis", "rediss", "valkey", "valkeys", "unix"})
_SPARE = 128  # tokens
_PACKAGE = Path(__file__).resolve().parent

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ConfigError(ExtractorError):
    """An option, variable or config file is wrong; the message names the setting and the remedy."""


class ModelConfig(BaseModel):
    """Everything the model client needs to know; the key is never printed, compared in full or saved.

    Attributes:
        base_url: The endpoint, up to and without ``/chat/completions``.
        api_key: Its key; None for servers that ask for none.
        model: The model's id; None means that no model is configured.
        mode: How the answer's form is asked for; ``auto`` finds out once per endpoint and model.
        form: ``rows``: the model copies what it reads. ``choices``: it chooses among what is printed, for small models
            behind an endpoint that keeps to a schema (llama.cpp, for one).
        temperature: 0 asks for the likeliest answer.
        max_output_tokens: Longest answer; a longer one comes back cut off and is marked so.
        chunk_tokens: Longest answer to ask for at once, by a careful estimate; a longer table is asked for in parts.
            None for half of ``max_output_tokens``.
        timeout: Seconds for one call.
        concurrency: Calls open at the same time.
        attempts: Calls per request, counting the first, where the endpoint fails in passing.
        time_limit: Seconds per request for all its calls and the waits between them.
        backoff: Seconds before the second call; doubles from call to call, with jitter.
        max_calls: Calls in all, or None for no limit; likewise the two below.
        max_tokens: Tokens in all, in and out.
        max_cost: Cost in all, in the currency of the price table.
        prices: Price table; None for the example in ``prompts/``.
        offline: Answer from the cache only.
        cache_dir: Folder of the cache; None for the default.
        cache: Address of a Redis or Valkey server that keeps the answers in its place; may hold a password.
        gguf: The file of the model ``local``; None for the one that ``extractor local get`` has fetched.
        context: Tokens that a prompt and its answer may take together; None where that isn't known.
        wake: Brings up an endpoint that starts when it is first asked, and returns its ``base_url``; no setting.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = OPENAI_URL
    api_key: SecretStr | None = Field(default=None, repr=False, exclude=True)
    model: str | None = None
    mode: Mode = "auto"
    form: Form = "rows"
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    max_output_tokens: Annotated[int, Field(ge=1)] = 8192
    chunk_tokens: Annotated[int, Field(ge=1)] | None = None
    timeout: Positive = 180.0
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 4
    attempts: Annotated[int, Field(ge=1, le=100)] = 5
    time_limit: Positive = 600.0
    backoff: Positive = 0.5
    max_calls: Annotated[int, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    max_cost: Annotated[Decimal, Field(ge=0)] | None = None
    prices: Path | None = None
    offline: bool = False
    cache_dir: Path | None = None
    cache: str | None = Field(default=None, repr=False, exclude=True)
    gguf: Path | None = None
    context: Annotated[int, Field(ge=1024)] | None = None
    wake: Callable[[], str] | None = Field(default=None, repr=False, exclude=True)

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value.strip())
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("must be an address such as http://127.0.0.1:8080/v1")
        return value.strip().rstrip("/")

    @field_validator("cache")
    @classmethod
    def _is_a_server(cls, value: str | None) -> str | None:
        try:
            usable = value is None or urlsplit(value).scheme in _STORES
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("must be an address such as redis://127.0.0.1:6379/0 (or rediss, valkey, valkeys, unix)")
        return value

    @property
    def host(self) -> str:
        """Host and port of the endpoint, for messages: no path, no credentials."""
        parts = urlsplit(self.base_url)
        return parts.hostname + (f":{parts.port}" if parts.port else "") if parts.hostname else ""

    @property
    def answer_tokens(self) -> int:
        """Longest answer to ask for at once."""
        return self.chunk_tokens or max(1, self.max_output_tokens // 2)

    def longest(self, expected: int) -> int:
        """Return how many tokens an answer may take of which ``expected`` are expected, by a careless estimate.

        A model on this machine that runs on would take minutes, and says nothing new. Others may think before they
        answer, which counts too.
        """
        if self.wake is None or not expected:
            return self.max_output_tokens
        return min(self.max_output_tokens, 3 * expected + _SPARE)

    @property
    def max_input_tokens(self) -> int | None:
        """Tokens that a prompt may take, so that the longest answer has room; None where no limit is known."""
        return None if self.context is None else max(1, self.context - self.max_output_tokens)

    @property
    def loopback(self) -> bool:
        """Whether the endpoint is on this machine."""
        return urlsplit(self.base_url).hostname in _LOOPBACK


def load(options: Mapping[str, Any], environ: Mapping[str, str], file: Path | None = None) -> ModelConfig:
    """Settle the configuration.

    Args:
        options: What the user chose for this run; None counts as not chosen.
        environ: ``OPENAI_API_KEY``, ``OPENAI_BASE_URL``, ``EXTRACTOR_MODEL``, ``EXTRACTOR_GGUF`` and
            ``EXTRACTOR_CACHE`` are read, nothing else.
        file: The config file. None looks for ``extractor.toml`` in the working directory, then in the user's config
            folder. Its settings stand in a table ``[model]``; relative paths in it start at its own folder.

    Raises:
        ConfigError: A setting is unknown or wrong, or a file in the working directory would send the environment's
            key to a server of its own choice.
    """
    source = file or _find()
    written = _read(source) if source else {}
    named = {name: environ[key].strip() for name, key in _ENVIRONMENT.items() if environ.get(key, "").strip()}
    chosen = {name: value for name, value in options.items() if value is not None}
    try:
        config = ModelConfig(**{**written, **named, **chosen})
    except ValidationError as error:
        # Without the input: it may be the key.
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise ConfigError(f"{f'{source} or the options' if source else 'The options'}: {faults}.") from None
    if config.model == LOCAL and "base_url" in chosen:
        raise ConfigError("--model local runs on this machine, --base-url names another server. Leave one of them out.")
    if config.model == LOCAL:  # runs here, whatever the environment names for other models
        return config
    url_from_file = "base_url" in written and "base_url" not in {**named, **chosen}
    key_from_environment = "api_key" in named and "api_key" not in chosen
    if file is None and source == Path(CONFIG_NAME) and url_from_file and key_from_environment and not config.loopback:
        raise ConfigError(
            f"{CONFIG_NAME} in this folder names the server {config.host}; the key from OPENAI_API_KEY is not sent to "
            f"a server that a folder names. Set OPENAI_BASE_URL or pass the file as an option to agree."
        )
    return config


def place(address: str) -> str:
    """Return a server's address for messages: no user, no password, no options."""
    parts = urlsplit(address)
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    return f"{parts.scheme}://{host}{parts.path}"


def sources(options: Mapping[str, Any], environ: Mapping[str, str], file: Path | None = None) -> dict[str, str]:
    """Say where :func:`load` takes each setting from: ``option``, a variable's name, or a file; else it is a default.

    Raises:
        ConfigError: The file can't be read.
    """
    source = file or _find()
    found = dict.fromkeys(_read(source) if source else {}, str(source))
    found.update({name: key for name, key in _ENVIRONMENT.items() if environ.get(key, "").strip()})
    found.update({name: "option" for name, value in options.items() if value is not None})
    return found


def _find() -> Path | None:
    for path in (Path(CONFIG_NAME), platformdirs.user_config_path("extractor") / CONFIG_NAME):
        if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where a parent may not be entered
            return path
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read ({getattr(error, 'strerror', None) or error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML ({error}). Mend the line.") from None
    unknown = sorted(set(document) - {"model"})
    settings = document.get("model", {})
    if isinstance(settings, dict) and "wake" in settings:
        raise ConfigError(f"{path}: wake: no setting. Take the line out.")
    if unknown or not isinstance(settings, dict):
        raise ConfigError(f"{path}: settings stand in a table [model]; found {', '.join(unknown) or 'model = ...'}.")
    for name in ("prices", "cache_dir", "gguf"):
        if isinstance(settings.get(name), str):
            settings[name] = path.parent / settings[name]
    return settings


def default_cache_dir() -> Path:
    """Return ``cache/`` in a checkout of this package, else the platform's user cache folder."""
    project = _PACKAGE.parent / "pyproject.toml"
    try:
        name = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["name"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        name = None
    return _PACKAGE.parent / "cache" if name == "extractor" else platformdirs.user_cache_path("extractor")
