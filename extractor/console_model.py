"""What people see of a model's part: what it was asked, what stayed open, what it would be asked."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from rich.cells import cell_len
from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.text import Text

from .accounts import NotAsked
from .batch import Report
from .budget import Budget
from .console import safe
from .doctor_endpoint import Check
from .dryrun import Plan
from .pipeline import Extractor
from .stored import Stats

_SHOWN = 12
_STYLE = {"ask": "yellow", "cached": "green", "no": "dim"}
_CHECKED = {"ok": "green", "warning": "yellow", "problem": "red"}
_SAYS = {"ask": "ask", "cached": "in the cache", "no": "not asked"}


class AskedColumn(ProgressColumn):
    """The account of a run in its progress line, as it is at the moment; empty where no model is named."""

    def __init__(self, budget: Budget | None) -> None:
        """Watch an account."""
        super().__init__()
        self._budget = budget

    def render(self, task: Task) -> Text:  # noqa: ARG002 - rich asks with the task
        """Return calls, tokens, cost and answers from the cache."""
        if self._budget is None:
            return Text()
        spent, cost = self._budget.spent, self._budget.cost
        price = "" if cost is None else f", {cost:.4f} {self._budget.currency}"
        return Text(f"{spent.calls} calls, {spent.usage.total} tokens{price}, {spent.hits} from the cache")


def show_not_asked(console: Console, reports: Sequence[Report]) -> None:
    """Name every table that a model was not asked about, and how many calls that takes at least."""
    left = [(r, n) for r in reports if r.account for n in r.account.not_asked]
    if not left:
        return
    why = " and ".join(sorted({_why(n) for _, n in left}))
    console.print(
        f"not asked: {len(left)} questions, so {len(left)} calls at least ({why}); about "
        f"{sum(n.input for _, n in left)} tokens in and {sum(n.output for _, n in left)} out",
        style="yellow", soft_wrap=True,
    )  # fmt: skip
    for report, open_ in left[:_SHOWN]:
        where = f" lines {open_.lines[0]}-{open_.lines[1]}" if open_.lines else ""
        again = " (a second question)" if open_.again else ""
        console.print(safe(f"   {report.job.path}: {open_.table}{where}{again}"), soft_wrap=True)
    if len(left) > _SHOWN:
        console.print(f"   … and {len(left) - _SHOWN} more in the usage.json files")


def _why(open_: NotAsked) -> str:
    said = {"offline": "offline and not in the cache", "waiting": "to be answered with a batch"}
    return said.get(open_.why, "a limit is reached")


def show_plan(console: Console, plan: Plan, currency: str) -> None:
    """Print what a model would be asked about one document."""
    if plan.error:
        console.print(Text("✗ ", "red") + safe(plan.error), soft_wrap=True)
        return
    console.print(safe(plan.path), style="bold", soft_wrap=True)
    width = max((cell_len(s.table) for s in plan.steps), default=0)
    for step in plan.steps:
        name = safe(step.table)
        name.pad_right(width - cell_len(step.table))
        lines = f"{step.lines[0]}-{step.lines[1]}" if step.lines[1] else ""
        calls = f"{_calls(step.calls, step.most)} calls, about {step.input} tokens in, {step.output} out; "
        said = Text(f"  {_SAYS[step.decision]:<12} ", _STYLE[step.decision]) + name + Text(f"  {lines:<10}", "dim")
        console.print(said + safe((calls if step.calls else "") + step.why), soft_wrap=True)
    console.print(f"  {_sum(plan, currency)}", soft_wrap=True)


def show_plans(console: Console, plans: Sequence[Plan], total: Plan, extractor: Extractor) -> None:
    """Print the sum over all documents, how it is estimated, and which limit it would pass."""
    budget, model = extractor.budget, extractor.model
    if budget is None or model is None:
        return
    if len(plans) > 1:
        console.print(f"{len(plans)} documents: {_sum(total, budget.currency)}", soft_wrap=True)
    limits = (
        ("--max-calls", model.max_calls, total.calls),
        ("--max-tokens", model.max_tokens, total.input + total.output),
        ("--max-cost", model.max_cost, total.cost),
    )
    for name, limit, needed in limits:
        if limit is not None and needed is not None and needed > limit:
            console.print(f"{name} {limit} would stop the run before its end.", style="yellow", soft_wrap=True)
    console.print(
        "No call was made. Tokens are estimated from the characters (within about a quarter); repairs come on top.",
        style="dim", soft_wrap=True,
    )  # fmt: skip


def _calls(least: int, most: int) -> str:
    return str(least) if least == most else f"{least}-{most}"


def _sum(plan: Plan, currency: str) -> str:
    return (
        f"{_calls(plan.calls, plan.most)} calls, {plan.cached} answers in the cache, about {plan.input} tokens in, "
        f"{plan.output} out, cost {_cost(plan, currency)}"
    )


def _cost(plan: Plan, currency: str) -> str:
    if plan.cost is None or plan.most_cost is None:
        return "n/a (the price table has no entry for this model)"
    least, most = f"{plan.cost:.4f}", f"{plan.most_cost:.4f}"
    return f"{least if Decimal(least) == Decimal(most) else f'{least}-{most}'} {currency}"


def show_stats(console: Console, stats: Stats) -> None:
    """Print what a cache holds."""
    say = {"ok": "", "read-only": " (can't be written)", "memory": " (can't be used: answers live in memory only)"}
    console.print(safe(f"folder   {stats.folder}{say[stats.state]}"), soft_wrap=True)
    console.print(f"answers  {stats.entries}")
    console.print(f"size     {_size(stats.bytes)}")
    for name, when in (("oldest", stats.oldest), ("newest", stats.newest)):
        if when is not None:
            console.print(f"{name}   {datetime.fromtimestamp(when).astimezone():%Y-%m-%d %H:%M}")
    for model, count in stats.models.items():
        console.print(safe(f"model    {model or '(not named)'}: {count}"), soft_wrap=True)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


def show_check(console: Console, check: Check) -> None:
    """Print one finding of the doctor."""
    line = Text(f"{check.state:<8} ", _CHECKED[check.state]) + safe(f"{check.name}: {check.said}")
    console.print(line, soft_wrap=True)
    if check.todo:
        console.print(safe(f"         {check.todo}"), style="dim", soft_wrap=True)
