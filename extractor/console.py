"""What people see in a terminal. Everything from a document is printed as plain text, never as markup."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text
from rich.tree import Tree

from .batch import Report
from .records import STATES, Finding
from .sections import LEVEL, Heading
from .specs import Catalogue
from .statements import titles

_STYLE = {
    "proven": "green",
    "grounded": "cyan",
    "ambiguous": "yellow",
    "contradicted": "red",
    "ungrounded": "magenta",
}
_SHORT = {
    "proven": "proven",
    "grounded": "grounded",
    "ambiguous": "ambig.",
    "contradicted": "contra.",
    "ungrounded": "ungr.",
}
_MARK = {
    "contradiction": "red",
    "rounding": "yellow",
    "repair": "green",
    "ambiguous": "yellow",
    "ungrounded": "magenta",
    "not-read": "yellow",
    "structure": "yellow",
    "input": "red",
}
_COUNTS = 78  # columns that the counts of a table take
_TITLE = 16  # columns from which a title is worth showing
_SHOWN = 12


def safe(text: str) -> Text:
    """Text of a document for the terminal: no markup, no control characters."""
    return Text("".join(c if c.isprintable() else " " for c in text))


def show_report(console: Console, report: Report, *, details: bool) -> None:
    """Print what became of one document."""
    name = str(report.job.path)
    if report.error:
        console.print(Text("✗ ", "red") + safe(report.error), soft_wrap=True)
        return
    total = sum(report.states.values())
    head = Text("● ", "green" if not report.findings else "yellow") + safe(name)
    head.append(f"  {len(report.tables)} tables, {total} number cells")
    console.print(head, soft_wrap=True)
    if details:
        console.print(_tables(report, room=console.width - _COUNTS))
        if report.findings:
            _findings(console, report.findings)
        if report.unread:
            _unread(console, report)
    else:
        console.print("  " + _state_line(report.states))
        console.print("  " + _brief(report), style="dim", soft_wrap=True)


def _brief(report: Report) -> str:
    kinds = Counter(f.kind for f in report.findings)
    found = ", ".join(f"{n} {k}" for k, n in sorted(kinds.items())) or "none"
    numbers = sum(u.numbers for u in report.unread)
    return f"findings: {found}; not read: {len(report.unread)} parts with {_count(numbers)}"


def _state_line(states: Counter[str] | Counter) -> str:  # type: ignore[type-arg]
    return ", ".join(f"{states[s]} {s}" for s in STATES if states[s]) or "no number cells"


def _tables(report: Report, *, room: int) -> Grid:
    """Draw the tables of a report; titles, cut to ``room``, only where there is room for them."""
    titles = room >= _TITLE
    grid = Grid(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False)
    grid.add_column("table", footer="all", no_wrap=True, min_width=20)
    grid.add_column("rows", justify="right", footer=str(sum(t[2] for t in report.tables)), min_width=5)
    for state in STATES:
        total = str(report.states[state] or "·")
        head = _SHORT[state]
        width = len(head)
        grid.add_column(head, justify="right", footer=total, header_style=_STYLE[state], min_width=width, no_wrap=True)
    if titles:
        grid.add_column("title", no_wrap=True)
    for table_id, title, rows, states in report.tables:
        counts = [Text(str(states[s]) if states[s] else "·", _STYLE[s] if states[s] else "dim") for s in STATES]
        shown = safe(title)
        shown.truncate(room, overflow="ellipsis")
        grid.add_row(table_id, str(rows) if rows else "empty", *counts, *([shown] if titles else []))
    return grid


def _findings(console: Console, findings: Sequence[Finding]) -> None:
    kinds = Counter(f.kind for f in findings)
    console.print(f"  findings: {', '.join(f'{n} {k}' for k, n in sorted(kinds.items()))}")
    for finding in findings[:_SHOWN]:
        where = f"line {finding.line}" if finding.line else ""
        console.print(
            Text("   ")
            + Text(finding.code, _MARK.get(finding.kind, "yellow"))
            + Text(f" {where}: ")
            + safe(finding.message),
            soft_wrap=True,
        )
        if finding.cause:
            said = safe(f"     {finding.cause}: {finding.evidence}")
            console.print(said, soft_wrap=True, style="dim")
    if len(findings) > _SHOWN:
        console.print(f"   … and {len(findings) - _SHOWN} more in findings.jsonl")


def _count(number: int) -> str:
    return f"{number} number" + ("" if number == 1 else "s")


def _unread(console: Console, report: Report) -> None:
    count = sum(u.numbers for u in report.unread)
    console.print(f"  not read: {len(report.unread)} parts with {count} numbers")
    for part in report.unread[:_SHOWN]:
        text = safe(
            f"   lines {part.lines[0]}-{part.lines[1]}: {part.title[:60]} ({_count(part.numbers)}; {part.reason})"
        )
        console.print(text, soft_wrap=True, style="dim")
    if len(report.unread) > _SHOWN:
        console.print(f"   … and {len(report.unread) - _SHOWN} more in result.json", style="dim")


def show_total(
    console: Console, done: int, failed: int, counts: tuple[Mapping[str, int], Mapping[str, int]], out: Path
) -> None:
    """Print the sum of a run; ``counts`` are number cells by state and findings by kind."""
    states, kinds = counts
    found = ", ".join(f"{n} {k}" for k, n in sorted(kinds.items())) or "none"
    console.print(
        f"{done} documents read, {failed} not readable; cells: {_state_line(Counter(states))}; findings: {found}",
        soft_wrap=True,
    )
    console.print(Text("results in ") + safe(str(out)), soft_wrap=True)


def show_kept(
    console: Console, kept: int, failed: int, jobs: int, why: Mapping[str, int], *, failed_only: bool
) -> None:
    """Say how many files stay as an earlier run left them, how many of these failed, and why the others are read."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()))
    left = f"reading {jobs} ({reasons})" if jobs else "nothing is left to read"
    stay = (
        [f"{kept} did not fail before"]
        if failed_only
        else [
            *([f"{kept - failed} done already (--fresh reads all again)"] if kept > failed else []),
            *([f"{failed} failed before (--retry-failed reads them again)"] if failed else []),
        ]
    )
    console.print("; ".join([*(stay if kept else []), left]), style="dim", soft_wrap=True)


def section_tree(name: str, headings: Sequence[Heading], lines: Sequence[int]) -> Tree:
    """Draw the heading tree; ``lines`` are the line numbers of the headings."""
    root = Tree(safe(name))
    stack: list[tuple[int, Tree]] = [(0, root)]
    marker = ""
    for heading, line in zip(headings, lines, strict=True):
        if heading.kind == "marker":
            marker = heading.title + " "
            continue
        level = LEVEL[heading.kind]
        while stack[-1][0] >= level:
            stack.pop()
        label = Text(f"{line:>6}  ", "dim") + safe(marker + heading.title)
        marker = ""
        if heading.kind == "table":
            label.append(f"  [{heading.spec}]", "green")
            label.append("  (title lost)" if heading.lost else "", "yellow")
        elif heading.kind == "other-table":
            label.append("  [no spec]", "yellow")
        stack.append((level, stack[-1][1].add(label)))
    return root


def spec_table(catalogue: Catalogue) -> Grid:
    """List the specs of tables and the statements of prose."""
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("id", "表", "title", "columns", "identities"):
        grid.add_column(column, no_wrap=column == "id", min_width=20 if column == "id" else None)
    for spec in catalogue.tables:
        ids = " ".join(sorted(spec.identities, key=lambda i: (len(i), i)))
        grid.add_row(spec.id, str(spec.number), spec.title, str(len(spec.columns)), ids)
    for statement, title, columns in titles():
        grid.add_row(statement, "", title, str(columns), "")
    return grid
