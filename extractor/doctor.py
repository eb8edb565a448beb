"""Is everything in place? Each check says what it found, and in a sentence what to do next."""

import importlib.util
import os
import platform
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from . import config as settings
from .budget import PriceTable
from .config import LOCAL, ConfigError, ModelConfig
from .data import data_folder
from .doctor_endpoint import Check, Fact, State, endpoint
from .errors import ExtractorError

_CORE = ("model", "base_url", "api_key", "mode")


@dataclass(frozen=True)
class Patient:
    """Whose settings are looked at: the options, the environment and the file that ``run`` would use."""

    options: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None


def examine(patient: Patient) -> Iterator[Check]:
    """Yield the checks one by one; calls are made last, and none where the settings say offline."""
    yield _machine()
    yield _solver()
    yield _data()
    try:
        config = settings.load(patient.options, patient.environ, patient.file)
        sources = settings.sources(patient.options, patient.environ, patient.file)
    except ConfigError as error:
        yield Check(name="settings", state="problem", said=str(error), todo="Mend it; nothing below it was checked.")
        return
    yield _settings(config, sources)
    yield _cache(config)
    check, config = _local(config)
    yield check
    if check.state != "problem":
        yield from endpoint(config)


def _machine() -> Check:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to load

    try:
        own = version("extractor")
    except PackageNotFoundError:
        own = "(not installed)"
    said = f"extractor {own}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    facts: dict[str, Fact] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
    }
    if sys.version_info < (3, 11):  # noqa: UP036 - the checkout may be run without being installed
        return Check(name="python", state="problem", said=said, todo="Use Python 3.11 or newer.", facts=facts)
    return Check(name="python", state="ok", said=said, facts=facts)


def _solver() -> Check:
    """Solve x + y = 5, x - y = 1 for numbers from 0 to 9."""
    begin = time.monotonic()
    try:
        from ortools.sat.python import cp_model  # noqa: PLC0415 - this is what is checked

        model = cp_model.CpModel()
        x, y = model.new_int_var(0, 9, "x"), model.new_int_var(0, 9, "y")
        model.add(x + y == 5)
        model.add(x - y == 1)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        status = solver.solve(model)
        right = status == cp_model.OPTIMAL and (solver.value(x), solver.value(y)) == (3, 2)
    except Exception as error:  # noqa: BLE001 - whatever a broken installation does
        todo = "Install ortools again for this Python: pip install --force-reinstall ortools"
        return Check(name="solver", state="problem", said=f"CP-SAT fails: {type(error).__name__}: {error}", todo=todo)
    if not right:
        return Check(name="solver", state="problem", said="CP-SAT solves 2 equations wrongly", todo="Install it again.")
    return Check(name="solver", state="ok", said=f"CP-SAT solves a small model in {time.monotonic() - begin:.2f} s")


def _data() -> Check:
    from .specs import catalogue  # noqa: PLC0415 - slow to load

    try:
        known = catalogue()
        prompts = sorted(data_folder("prompts").glob("*.md"))
        broken = [p.name for p in prompts if not Template(p.read_text(encoding="utf-8")).is_valid()]
        PriceTable.load()
    except (ExtractorError, OSError, UnicodeDecodeError) as error:
        return Check(name="specs", state="problem", said=str(error), todo="Install the package again.")
    if broken or not prompts:
        said = f"prompts that are no templates: {', '.join(broken) or 'none is there'}"
        return Check(name="specs", state="problem", said=said, todo="Mend prompts/, or install the package again.")
    said = f"{len(known.tables)} tables, {len(prompts)} prompts and the price table load"
    return Check(name="specs", state="ok", said=said)


def _settings(config: ModelConfig, sources: Mapping[str, str]) -> Check:
    """Say where each setting comes from; of the key only whether there is one, of the address only the host."""
    shown = {
        "model": config.model or "none",
        "base_url": config.host if config.model != LOCAL else "this machine",
        "api_key": "set" if config.api_key else "not set",
    }
    for name in sources:
        shown.setdefault(
            name, settings.place(config.cache) if name == "cache" and config.cache else str(getattr(config, name))
        )
    if config.model == LOCAL:
        shown.setdefault("mode", "json_schema, choices")
    shown.setdefault("mode", config.mode)
    names = [*_CORE, *(n for n in shown if n not in _CORE)]
    said = ", ".join(f"{n} {shown[n]} ({sources.get(n, 'default')})" for n in names)
    facts: dict[str, Fact] = {n: sources.get(n, "default") for n in names}
    try:
        price = PriceTable.load(config.prices).find(config.model or "")
    except ConfigError as error:
        return Check(name="settings", state="problem", said=f"{said}. {error}", todo="Mend the table.", facts=facts)
    if config.model is None and (config.api_key or "base_url" in sources):
        todo = "Name a model with --model or EXTRACTOR_MODEL; without one, tables are read by arithmetic alone."
        return Check(name="settings", state="warning", said=said, todo=todo, facts=facts)
    if config.model and price is None:
        state: State = "problem" if config.max_cost is not None else "ok" if config.loopback else "warning"
        todo = "Add it to a copy of prompts/prices.toml and name that with --prices: its cost is unknown until then."
        todo = "" if state == "ok" else todo
        return Check(name="settings", state=state, said=f"{said}; no price is known", todo=todo, facts=facts)
    return Check(name="settings", state="ok", said=said, facts=facts)


def _cache(config: ModelConfig) -> Check:
    """Open the cache, write an answer, read it, take it out again."""
    from .shared_cache import SharedCache, open_cache  # noqa: PLC0415 - slow to load
    from .stored import Stored  # noqa: PLC0415 - likewise

    key, answer = secrets.token_hex(32), Stored("{}", model="doctor")
    try:
        opened = open_cache(config)
        if isinstance(opened, SharedCache):
            opened.check()
    except ExtractorError as error:
        what, _, todo = str(error).partition(". ")
        return Check(name="cache", state="problem", said=what, todo=todo)
    with opened as cache:
        folder = cache.folder
        stats = cache.stats()
        kept = cache.put(key, answer) and cache.get(key) == answer
        if kept:
            cache.forget([key])
        trouble = " ".join(cache.warnings)
    facts: dict[str, Fact] = {
        "folder": str(folder), "state": stats.state, "entries": stats.entries, "bytes": stats.bytes
    }  # fmt: skip
    said = f"{folder}: {stats.entries} answers, {stats.bytes} bytes"
    if not kept or stats.state != "ok":
        todo = "Answers are paid for again in every run until then: choose another folder with --cache-dir."
        return Check(name="cache", state="problem", said=trouble or f"{said}; not writable", todo=todo, facts=facts)
    if trouble:
        return Check(name="cache", state="warning", said=f"{said}. {trouble}", todo="Clear it.", facts=facts)
    return Check(name="cache", state="ok", said=f"{said}; written and read", facts=facts)


def _local(config: ModelConfig) -> tuple[Check, ModelConfig]:
    """Look for the extra and the file that ``--model local`` needs; returns settings with its server behind them."""
    from . import local  # noqa: PLC0415 - slow to load

    installed = importlib.util.find_spec("xllamacpp") is not None
    said = f"extractor[local] is {'installed' if installed else 'not installed'}"
    try:
        file = f"{said}; {local.model_file(config.gguf)}"
        attached = local.attach(config)
    except ExtractorError as error:
        if config.model != LOCAL and config.gguf is None:
            return Check(name="local", state="ok", said=f"{said}, no model file (only for --model local)"), config
        what, _, todo = str(error).partition(". ")
        state: State = "problem" if config.model == LOCAL else "warning"
        return Check(name="local", state=state, said=f"{said}; {what}", todo=todo), config
    return Check(name="local", state="ok", said=file), attached
