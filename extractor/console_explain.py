"""An explanation of one cell, for people at a terminal."""

from decimal import Decimal

from rich.console import Console
from rich.text import Text

from .console import safe
from .explain import Evaluated, Explanation, Operand
from .framing import is_prose
from .records import Attempt, Finding, State

_STYLES: dict[State | None, str] = {
    "proven": "green", "grounded": "blue", "ambiguous": "yellow", "contradicted": "red", "ungrounded": "magenta",
}  # fmt: skip
_VERDICTS = {"held": ("✓", "green"), "violated": ("✗", "red"), "unchecked": ("·", "dim")}
_SHOWN = 12  # cells of a side that are listed


def show(console: Console, one: Explanation) -> None:
    """Print everything about one cell."""
    part = f", part {one.part + 1}" if one.part else ""
    row = f"{one.row} {one.name}".strip()
    _say(console, safe(f"{one.title} [{one.table}{part}]  {row}  {one.label}"), style="bold")
    if one.kind == "empty":
        _say(console, Text("  nothing is printed there" + ("" if is_prose(one.table) else ": it counts as 0")))
    else:
        lines = "、".join(dict.fromkeys(str(span.line) for span in one.spans)) or "none"
        value = f" = {one.value}" if one.value is not None and str(one.value) != one.printed else ""
        said = safe(f"  {one.printed}{value} {one.unit}  line {lines}  {_repaired(one)}")
        _say(console, said + Text(one.state or "", _STYLES.get(one.state, "")))
    _printed(console, one)
    for line in one.source:
        text = Text(f"  {line.number:>6} │ ", "dim") + safe(line.text)
        for begin, end in line.marks:
            text.stylize("reverse", begin + 11, end + 11)
        _say(console, text)
    _say(console, safe(f"  read by: {one.reader}. {one.why}"))
    for step in one.steps:
        _say(console, safe(f"    {step}"))
    if one.options:
        _say(console, safe(f"  may belong to: {', '.join(one.options)}"))
    for doubt in one.doubts:
        _say(console, safe(f"  doubt: {doubt}"))
    _say(console, Text("  identities" if one.identities else "  no identity covers it"))
    for identity in one.identities:
        _identity(console, identity)
    for attempt in one.attempts:
        _attempt(console, attempt)
    for finding in one.findings:
        _finding(console, finding)


def _printed(console: Console, one: Explanation) -> None:
    """Print the page and box, or the sheet and cell."""
    for place in one.places:
        file = f"{place.file}, " if place.file else ""
        if place.box is not None:
            box = ", ".join(f"{v:g}" for v in place.box)
            score = "" if place.score is None else f"; recognised with a score of {place.score:g}"
            others = f"; or: {', '.join(place.others)}" if place.others else ""
            _say(console, safe(f"  printed: {file}page {place.page}, box {box}{score}{others}"))
        elif place.ref:
            _say(console, safe(f"  printed: {file}{place.ref}"))


def _repaired(one: Explanation) -> str:
    return f"repaired {one.repaired}, which proves nothing  " if one.repaired is not None else ""


def _finding(console: Console, one: Finding) -> None:
    _say(console, safe(f"  finding {one.code}: {one.message}"))
    if one.cause:
        _say(console, safe(f"    {one.cause}: {one.evidence}"))


def _say(console: Console, text: Text, style: str = "") -> None:
    console.print(text, style=style, soft_wrap=True)


def _identity(console: Console, one: Evaluated) -> None:
    mark, style = _VERDICTS[one.verdict]
    proof = ", confirms it" if one.confirms else ""
    soft = " (soft)" if one.soft else ""
    _say(console, Text(f"   {mark} ", style) + safe(f"{one.id}{soft} {one.verdict}{proof}: {one.rule}"))
    if one.left_sum is not None and one.right_sum is not None:
        difference = one.left_sum - one.right_sum
        room = f", allowed {_plain(Decimal(f'{one.allowed:.3g}'))}" if one.allowed else ""
        _say(
            console,
            Text(f"       {_plain(one.left_sum)} against {_plain(one.right_sum)}: {_plain(difference)}{room}"),
        )
    if one.note:
        _say(console, safe(f"       {one.note}"))
    for side, cells in (("left", one.left), ("right", one.right)):
        for cell in cells[:_SHOWN]:
            _say(console, _operand(side, cell))
        if len(cells) > _SHOWN:
            _say(console, Text(f"         and {len(cells) - _SHOWN} more, see --json", "dim"))


def _operand(side: str, cell: Operand) -> Text:
    value = str(cell.value) if cell.value is not None else "-"
    where = f"line {cell.line}" if cell.line else "empty"
    this = "  ← this" if cell.this else ""
    text = safe(f"         {side:<5} {value:>14} {cell.unit}  {cell.table} {cell.row} {cell.column}, {where}{this}")
    return text if cell.value is not None else Text(text.plain, "dim")


def _attempt(console: Console, one: Attempt) -> None:
    taken = "taken" if one.taken else "not taken"
    said = f"  asked {one.model} ({one.step} {one.number}, lines {one.lines[0]}-{one.lines[1]}): {one.outcome}, {taken}"
    _say(console, safe(said + (f", {one.why}" if one.why else "")))
    for row in one.rows:
        _say(console, safe("       " + " | ".join(row)))


def _plain(value: Decimal | None) -> str:
    if value is None:
        return ""
    text = format(value.normalize(), "f")
    return "0" if text == "-0" else text
