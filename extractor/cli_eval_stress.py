"""Commands that put the extractor under stress: mistakes, noise, models; and the page with all figures."""

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import (
    EXIT_OK,
    EXIT_UNREADABLE,
    EXIT_USAGE,
    AsJson,
    BaseUrl,
    CacheDir,
    ConfigFile,
    Gguf,
    fail,
    print_json,
    terminal,
)
from .cli_base import Mode as ModeOption
from .cli_eval_base import Gold, Html, Samples, page_out
from .cli_eval_gold import default

Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")]
_CORES = os.cpu_count() or 1
_SHOWN = 200


def _cases(gold: Path | None, samples: Path | None) -> Any:
    from .errors import ExtractorError
    from .evaluation.cases import find

    try:
        return find(gold or default("gold"), samples)
    except ExtractorError as error:
        raise fail(str(error), EXIT_USAGE) from None


def _put(page: Any, grids: Any, html: Path | None) -> None:
    from .evaluation.page import Page, show

    if html:
        page_out(page, html)
    show(terminal(stdout=True), Page(page.title, tuple(grids)))


def mutate(
    gold: Gold = None,
    samples: Samples = None,
    each: Annotated[int, typer.Option(min=1, max=9, help="Other digits that are tried at each place.")] = 1,
    digits_every: Annotated[int, typer.Option(min=1, help="Try every n-th digit only.")] = 1,
    others_every: Annotated[int, typer.Option(min=1, help="Try every n-th mistake of the other kinds only.")] = 1,
    kind: Annotated[list[str] | None, typer.Option(help="Kind of mistake; repeat for several. Default: all.")] = None,
    seed: Annotated[int, typer.Option(help="Which other digit, which way the point moves.")] = 1,
    jobs: Jobs = _CORES,
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Put one mistake at a time into a correct result: do the identities see it, and do they point at it?

    \b
    Kinds: digit, sign, point, swap (with a neighbour), dropped row, moved column. Nothing is read again.
    """
    from .evaluation import mutation_report, validators
    from .evaluation.mutations import KINDS

    chosen = tuple(k for k in KINDS if not kind or k in kind)
    if kind and set(kind) - set(chosen):
        raise fail(f"Kinds are {', '.join(KINDS)}.", EXIT_USAGE)
    sources = tuple(case.source for case in _cases(gold, samples))
    plan = validators.Plan(sources, each, digits_every, others_every, seed, chosen)
    trials = validators.run(plan, jobs=jobs)
    alarms = validators.false_alarms(sources, default("known_findings.toml"))
    if as_json:
        alarm = [{"document": n, "violated": s, "own": o, "false": s - o} for n, s, o in alarms]
        print_json({"trials": [t.model_dump(mode="json") for t in trials], "alarms": alarm})
        if html:
            page_out(mutation_report.page(trials, alarms), html)
    else:
        _put(mutation_report.page(trials, alarms), mutation_report.grids(trials, alarms), html)


def noise(
    gold: Gold = None,
    samples: Samples = None,
    seeds: Annotated[int, typer.Option(min=1, help="Damaged copies for each class and rate.")] = 2,
    digit_seeds: Annotated[int, typer.Option(min=1, help="The same for misread digits.")] = 4,
    ocr: Annotated[
        Path | None, typer.Option(help="Folder of OCR output, GOLD--TABLE+TABLE--ENGINE.txt.", readable=False)
    ] = None,
    jobs: Jobs = _CORES,
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Damage the samples class by class and step by step, and score what is read then."""
    from .evaluation import ladder

    folder = ocr or _ocr()
    steps = ladder.run(ladder.tasks(_cases(gold, samples), seeds=seeds, digit_seeds=digit_seeds, ocr=folder), jobs=jobs)
    if as_json:
        print_json([s.model_dump(mode="json") for s in steps])
        if html:
            page_out(ladder.page(steps), html)
    else:
        _put(ladder.page(steps), ladder.grids(steps), html)
    raise typer.Exit(EXIT_UNREADABLE if any(s.crash for s in steps) else EXIT_OK)


def _ocr() -> Path | None:
    folder = default("noise") / "ocr"
    return folder if folder.is_dir() else None


def models(
    model: Annotated[list[str], typer.Option(help="A model's id, or scripted:truthful, :weak, :lying, :inventing.")],
    gold: Gold = None,
    samples: Samples = None,
    as_json: AsJson = False,
    html: Html = None,
    base_url: BaseUrl = None,
    gguf: Gguf = None,
    mode: ModeOption = None,
    config: ConfigFile = None,
    cache_dir: CacheDir = None,
) -> None:
    """Read the samples with several models, and compare their scores.

    \b
    Scripted models answer from gold without a server, after what their name says:
      extractor eval models --model scripted:truthful --model scripted:weak --model scripted:lying
    """
    from .cli_local import attach
    from .config import load
    from .errors import ExtractorError
    from .evaluation import bakeoff
    from .evaluation.page import Page
    from .pipeline import Extractor

    options = {"base_url": base_url, "gguf": gguf, "mode": mode, "cache_dir": cache_dir}
    chosen: list[tuple[str, Any]] = []
    try:
        for name in model:
            if name.startswith(bakeoff.PREFIX):
                chosen.append((name, None))
                continue
            settled = attach(load({**options, "model": name}, os.environ, config))
            chosen.append((name, Extractor(engine="llm", model=settled)))
        entries = bakeoff.run(_cases(gold, samples), chosen)
    except (ExtractorError, ValueError) as error:
        raise fail(str(error), EXIT_USAGE) from None
    grid = bakeoff.grid(entries)
    if as_json:
        print_json([{"model": e.model, **e.scores.model_dump(mode="json")} for e in entries])
    else:
        _put(Page("Models", (grid,)), (grid,), html)


def figures(
    page: Annotated[Path, typer.Argument(help="The page, with markers.", readable=False)] = Path("eval/README.md"),
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for runs and reports.")] = Path("out/eval"),
    jobs: Jobs = _CORES,
) -> None:
    """Measure everything, and write the figures between the markers of a page; `make eval` runs this."""
    from .errors import ExtractorError
    from .evaluation import bakeoff, cases, ladder, mutation_report, tally, validators
    from .evaluation.figures import write
    from .evaluation.page import markdown
    from .pipeline import Extractor

    start = time.perf_counter()
    blocks: dict[str, str] = {}
    try:
        found = cases.find(default("gold"))
        cases.run(found, Extractor(engine="deterministic"), out / "now", jobs=jobs)
        saved = cases.load(out / "now")
        scored = tally.scores(saved)
        blocks["scores"] = markdown(tally.grids(scored, "engine deterministic")[:4])
        page_out(tally.page(scored, saved), out / "now" / "report.html")
        _say("scores", start)
        sources = tuple(case.source for case in found)
        plan = validators.Plan(sources, digits_every=2, others_every=6)
        trials, alarms = (
            validators.run(plan, jobs=jobs),
            validators.false_alarms(sources, default("known_findings.toml")),
        )
        blocks["mutations"] = markdown(mutation_report.grids(trials, alarms)[:3])
        page_out(mutation_report.page(trials, alarms), out / "mutations.html")
        _say("mutations", start)
        steps = ladder.run(ladder.tasks(found, seeds=1, digit_seeds=4, ocr=_ocr()), jobs=jobs)
        blocks["noise"] = markdown(ladder.grids(steps))
        page_out(ladder.page(steps), out / "noise.html")
        _say("noise", start)
        scripted: list[tuple[str, Any]] = [(bakeoff.PREFIX + name, None) for name in bakeoff.SCRIPTED]
        blocks["models"] = markdown([bakeoff.grid(bakeoff.run(found, scripted))])
        write(page, blocks)
    except ExtractorError as error:
        raise fail(str(error)) from None
    _say("models", start)


def _say(what: str, start: float) -> None:
    terminal().print(f"{what}: done after {time.perf_counter() - start:.0f} s", markup=False)
