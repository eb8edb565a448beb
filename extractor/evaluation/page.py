"""A report as grids and plots, and its three forms: terminal, Markdown, one HTML file that needs nothing beside it.

What documents print comes into reports as plain text in each of them: no markup, no control characters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

_COLOURS = ("#1f6f8b", "#c8553d", "#588157", "#8d6a9f", "#b08900", "#3d405b", "#e07a5f")
_DASHES = ("none", "6 3", "2 3")
_WIDTH, _HEIGHT = 520, 220
_WIDEST = 250
_FIGURE = re.compile(r"[-+]?[\d.,]+%?|n/a|\(nothing\)|")
_MARKDOWN = str.maketrans({"|": r"\|", "<": "&lt;", ">": "&gt;", "`": r"\`", "*": r"\*", "_": r"\_"})


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of a report; the first column holds names."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    @property
    def figures(self) -> tuple[bool, ...]:
        """Which columns hold figures, and nothing else."""
        return tuple(number > 0 and all(map(_FIGURE.fullmatch, column)) for number, column in enumerate(self._columns))

    @property
    def _columns(self) -> tuple[tuple[str, ...], ...]:
        return tuple(zip(*self.rows, strict=True)) if self.rows else ((),) * len(self.head)


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one group of bars, of a plot; a point without a value is left out."""

    name: str
    points: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """Series over a common axis. ``ticks`` name the places on it; the values' axis reaches from ``low`` to ``high``."""

    title: str
    kind: Literal["lines", "bars"]
    ticks: tuple[tuple[float, str], ...]
    series: tuple[Series, ...]
    low: float = 0.0
    high: float = 1.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A report."""

    title: str
    parts: tuple[Grid | Plot, ...]


def plain(text: str) -> str:
    """Leave out control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def show(console: Console, page: Page) -> None:
    """Print the grids; plots are for the HTML form."""
    for part in page.parts:
        if isinstance(part, Plot):
            continue
        console.print(Text(plain(part.title), "bold"), soft_wrap=True)
        if not part.rows:
            console.print("  none\n")
            continue
        grid = RichTable(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), show_header=any(part.head))
        for name, figures in zip(part.head, part.figures, strict=True):
            grid.add_column(Text(plain(name)), justify="right" if figures else "left", no_wrap=True)
        for row in part.rows:
            grid.add_row(*(Text(plain(cell)) for cell in row))
        # Wider than the terminal where it must be: a figure that is cut off is no figure.
        wide = Measurement.get(console, console.options.update(max_width=_WIDEST), grid).maximum
        here, console.width = console.width, max(console.width, wide)
        console.print(grid, crop=False)
        console.width = here
        if part.note:
            console.print(Text(plain(part.note), "dim"), "", soft_wrap=True, sep="\n")


def markdown(grids: Sequence[Grid]) -> str:
    """Write grids as Markdown tables, each under its title in bold."""
    return "\n\n".join(_markdown(grid) for grid in grids) + "\n"


def _markdown(grid: Grid) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(plain(cell).translate(_MARKDOWN) for cell in cells) + " |"

    rule = "|" + "|".join("---:" if number else "---" for number in range(len(grid.head))) + "|"
    parts = [f"**{plain(grid.title)}**", "", line(grid.head), rule, *(line(row) for row in grid.rows)]
    return "\n".join([*parts, "", plain(grid.note)] if grid.note else parts)


def html(page: Page) -> str:
    """Write the report as one HTML file; every text in it is escaped."""
    environment = Environment(
        loader=PackageLoader("extractor.evaluation", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    parts = [_drawn(part) if isinstance(part, Plot) else {"grid": part, "plot": None} for part in page.parts]
    return environment.get_template("page.html.j2").render(title=page.title, parts=parts)


def _drawn(plot: Plot) -> dict[str, object]:
    """Turn values into places on the drawing."""
    first, last = min(x for x, _ in plot.ticks), max(x for x, _ in plot.ticks)
    margin = 0.5 if plot.kind == "bars" else 0.0
    span, room = (last - first + 2 * margin) or 1.0, (plot.high - plot.low) or 1.0
    wide = _WIDTH / span

    def across(x: float) -> float:
        return round((x - first + margin) * wide, 1)

    def down(y: float) -> float:
        return round(_HEIGHT - (min(max(y, plot.low), plot.high) - plot.low) / room * _HEIGHT, 1)

    lines, bars = [], []
    share = wide * 0.8 / max(1, len(plot.series))
    styles = zip(plot.series, cycle(_COLOURS), strict=False)
    for number, (series, colour) in enumerate(styles):
        known = [(x, y) for x, y in series.points if y is not None]
        name = f"{series.name}"
        if plot.kind == "lines":
            places = [(across(x), down(y)) for x, y in known]
            dash = _DASHES[number // len(_COLOURS) % len(_DASHES)]
            path = " ".join(f"{x},{y}" for x, y in places)
            lines.append({"name": name, "colour": colour, "dash": dash, "path": path, "places": places})
            continue
        lines.append({"name": name, "colour": colour, "dash": "none", "path": "", "places": []})
        for x, y in known:
            left = round(across(x) - wide * 0.4 + number * share, 1)
            top = down(y)
            bars.append({"x": left, "y": top, "w": round(share, 1), "h": round(_HEIGHT - top, 1), "colour": colour})
    levels = [plot.low + room * step / 4 for step in range(5)]
    return {
        "grid": None, "plot": plot, "lines": lines, "bars": bars, "width": _WIDTH, "height": _HEIGHT,
        "levels": [(down(level), f"{level:.4g}") for level in levels],
        "ticks": [(across(x), name) for x, name in plot.ticks],
    }  # fmt: skip
