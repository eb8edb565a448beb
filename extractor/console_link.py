"""What people see of documents that were checked against each other."""

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from .console import safe
from .link_records import Link, LinkReport
from .link_rules import link_specs

_TITLES = {
    "budget-final": "budget and final accounts",
    "years": "a year and the next",
    "units": "department and units",
}
_SHOWN = 12
_WIDE = 100


def show_links(console: Console, report: LinkReport) -> None:
    """Print every link, and the documents that are in none."""
    for link in report.links:
        _show(console, link)
    if not report.links:
        console.print("no two of these documents belong together", style="yellow")
    for message in report.apart:
        console.print(Text("● ", "yellow") + safe(message), soft_wrap=True)


def _show(console: Console, link: Link) -> None:
    held = sum(c.held for c in link.checks.values())
    style = "red" if link.findings else "green" if held else "yellow"
    console.print(Text("● ", style) + Text(_TITLES[link.kind]), soft_wrap=True)
    for info in link.documents:
        console.print(Text("    ") + safe(str(info)), soft_wrap=True)
    if link.checks:
        console.print(_counts(link, wide=console.width >= _WIDE))
    if not held and not link.findings:
        console.print("  nothing could be compared", style="yellow")
    for finding in link.findings[:_SHOWN]:
        console.print(Text("  ") + Text("✗ ", "red") + safe(finding.message), soft_wrap=True)
    if len(link.findings) > _SHOWN:
        console.print(f"  … and {len(link.findings) - _SHOWN} more findings with --json")
    for open_ in link.unchecked[:_SHOWN]:
        line = f" line {open_.line}" if open_.line else ""
        text = f"  unchecked {open_.code}{line}: {open_.claim}: {open_.reason}"
        console.print(safe(text), style="dim", soft_wrap=True)
    if len(link.unchecked) > _SHOWN:
        console.print(f"  … and {len(link.unchecked) - _SHOWN} more unchecked with --json", style="dim")


def _counts(link: Link, *, wide: bool) -> Grid:
    says = {rule.spec.id: rule.says for rule in link_specs()}
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("code", "held", "violated", "unchecked"):
        grid.add_column(column, justify="left" if column == "code" else "right", no_wrap=True, min_width=len(column))
    if wide:
        grid.add_column("what", overflow="ellipsis", no_wrap=True)
    for code, count in link.checks.items():
        numbers = (count.held, count.violated, count.unchecked)
        words = [says.get(code, "")] if wide else []
        grid.add_row(code, *(str(n) if n else "·" for n in numbers), *words)
    return grid
