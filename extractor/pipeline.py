"""The pipeline: document, lines, headings, chunks, drafts, tables, checks, result. One direction."""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from . import accounts, assemble, cascade, chunks, confirm, duplicates, names, regions, repair, sections, untitled, ways
from .budget import Budget
from .config import LOCAL, ConfigError, ModelConfig
from .disputes import Dispute
from .document import Document
from .garbage import seldom
from .normalize import Line, lines, squeeze
from .readers import deterministic, performance, phrases, prose
from .readers.draft import Draft
from .readers.form_pieces import Piece
from .records import Attempt, CheckCount, Finding, Proposal, Region, Result, Span, Table, Unread
from .specs import Catalogue, catalogue
from .statements import prose as statements

if TYPE_CHECKING:
    from .readers.asked_beside import Beside
    from .readers.model import Connect

_FEW = 6  # lines between the number of a table and its title
_BUDGET = 11  # tables of a department budget
_AMOUNT = re.compile(r"(?<![\d.])\d[\d,]{0,20}(?:\.\d+|(?<=,\d\d\d)(?![\d,.])|(?=\s?(?:万元|元|人|个|辆|台|%)))")


@dataclass(slots=True)
class _Found:
    """What was found in the disclosures of a document so far."""

    findings: list[Finding]
    regions: Sequence[Region] = ()
    attempts: list[Attempt] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    repairs: list[Proposal] = field(default_factory=list)
    unknown: list[deterministic.Unknown] = field(default_factory=list)
    checks: dict[str, CheckCount] = field(default_factory=dict)

    def count(self, counts: Mapping[str, CheckCount]) -> None:
        """Add the instances of every identity by how they came out."""
        for name, count in counts.items():
            self.checks[name] = self.checks[name] + count if name in self.checks else count


@dataclass(frozen=True)
class Extractor:
    r"""Reads documents into proven tables.

    >>> from extractor import Document, Extractor
    >>> result = Extractor().extract(Document.from_text("表 3\n支出总体情况表\n...", name="demo"))

    Attributes:
        catalogue: The specs; the packaged ones by default.
        engine: ``deterministic``: no model. ``llm``: a model transcribes every table and the numbers of
            every sentence. ``auto``: the model reads what the deterministic reader could not, or read against the
            table's own sums.
        model: Which model at which endpoint; None means no model is asked.
        max_repairs: How often the model is asked again about one table.
        budget: The account of all calls; opened where a model is named.
        second_opinion: Ask the model about every table, also where arithmetic has settled it, and compare the two
            readings number by number.
        connect: How the model is reached, for tests and measurements without a server; None for the endpoint that
            ``model`` names.
        apply_repairs: Write repairs that have no rival into ``Cell.repaired``, beside what is printed.
    """

    catalogue: Catalogue = field(default_factory=catalogue, repr=False)
    engine: cascade.Engine = "auto"
    model: ModelConfig | None = None
    max_repairs: int = 2
    budget: Budget | None = field(default=None, repr=False)
    second_opinion: bool = False
    connect: "Connect | None" = field(default=None, repr=False)
    apply_repairs: bool = False

    def __post_init__(self) -> None:
        """Open the account of the model's calls, one for all documents.

        Raises:
            ConfigError: The engine is ``llm``, or a second opinion is asked for, and no model is named; or a limit
                on cost has no price.
            LocalError: The model is ``local``, and its package or its file isn't there.
            CacheError: The shared cache can't be used.
        """
        if self.model is not None and self.model.model == LOCAL:
            from . import local  # noqa: PLC0415 - for those who use it

            object.__setattr__(self, "model", local.attach(self.model))
        if self.model is not None and self.model.cache is not None:
            from .shared_cache import SharedCache  # noqa: PLC0415 - likewise

            SharedCache(self.model.cache).check()
        if self.budget is None and self.model is not None and self.model.model:
            object.__setattr__(self, "budget", Budget(self.model))
        if self.second_opinion and self.engine == "deterministic":
            raise ConfigError("--second-opinion compares two readers. Choose --engine auto or llm.")
        needs = "--engine llm" if self.engine == "llm" else "--second-opinion" if self.second_opinion else ""
        if needs and (self.model is None or not self.model.model):
            raise ConfigError(f"{needs} needs a model. Name one with --model or in EXTRACTOR_MODEL.")

    @seldom()
    def extract(self, document: Document, *, account: Budget | None = None) -> Result:
        """Read one document. Never raises for what a document holds; problems come as findings.

        Args:
            document: What to read.
            account: Where the model's calls for this document are booked, a child of :attr:`budget`; opened here if
                None.
        """
        booked = account or (self.budget.child() if self.budget else None)
        text, endless = duplicates.without_end(lines(document))
        heads = untitled.headings(text, self.catalogue.tables)
        text, again = duplicates.without(text, heads)
        heads = untitled.headings(text, self.catalogue.tables) if again else heads
        cut, forms = performance.insert(text, heads, chunks.cut(text, heads))
        plan = self._plan(booked)
        told = prose.read(text, heads, cut, statements())
        cut = list(told.chunks)
        out = _Found(list(document.findings), document.regions)
        words = phrases.read(text, told, _said(forms, cut))
        # Part by part: a file may hold hundreds of disclosures, and nothing links one to the next.
        numbers = sorted({c.part for c in cut} | {t.part for t in told.tables})
        parts = [[c for c in cut if c.part == number] for number in numbers]
        plain = [[c for c in part if c.first not in forms] for part in parts]
        beside = _beside(text, told, forms, plan, self.catalogue)
        readings = cascade.read(text, plain, self.catalogue, replace(plan, also=beside.put if beside else None))
        disputes: tuple[Dispute, ...] = ()
        if beside:
            answered, filled_in = beside.sentences.answered(), beside.sheets.answered()
            told, disputes, forms = answered.told, answered.disputes, filled_in.forms
            out.findings.extend((*answered.findings, *filled_in.findings))
            out.attempts.extend((*answered.attempts, *filled_in.attempts))
        out.findings.extend((*_input(document, cut, told), *endless, *again, *told.findings))
        for number, here, reading in zip(numbers, parts, readings, strict=True):
            filled = [forms[c.first].of(number) for c in here if c.first in forms]
            spoken = [t for t in (*told.tables, *words) if t.part == number] + [f.table for f in filled if f.table]
            lost = [f.unread() for f in filled if not f.table]
            withdrawn = self._judge(text, reading, (spoken, lost), [d for d in disputes if d.part == number], out)
            told = told.without(withdrawn)
        open_runs = chunks.uncovered(text, cut)
        out.findings.extend((*_between(text, heads, open_runs), *_titles_lost(text, heads)))
        if booked is not None:
            out.findings.extend(accounts.findings(booked, self.catalogue))
        result = Result(
            document=document.name,
            path=document.path,
            encoding=document.encoding,
            characters=len(document.text),
            sha256=hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest(),
            tables=tuple(out.tables),
            findings=tuple(sorted(out.findings, key=lambda f: (f.line or 0, f.code))),
            checks=dict(sorted(out.checks.items())),
            unread=tuple(_unread(text, heads, open_runs, out.unknown, told, forms.values())),
            usage=accounts.lasting(booked) if booked is not None else None,
            attempts=tuple(out.attempts),
            repairs=tuple(out.repairs),
            regions=tuple(regions.printed(document, out.tables)),
            files=document.files,
        )
        result = regions.weighed(document, result, self.catalogue)
        return repair.apply(result) if self.apply_repairs else result

    def _judge(
        self, text: Sequence[Line], reading: cascade.Reading,
        beside: tuple[Sequence[Table], Sequence[deterministic.Unknown]], disputes: Sequence[Dispute], out: "_Found",
    ) -> Sequence[Span]:  # fmt: skip
        """Check the tables of one disclosure with what stands beside them: prose and forms, read and not read.

        Returns where the numbers of sentences stand that the identities take back.
        """
        spoken, lost = beside
        odd = [*reading.unknown, *lost]
        drafts = ways.told(text, reading.drafts, spoken, self.catalogue)
        read = [assemble.table(text, draft) for draft in drafts]
        found = sorted([*read, *spoken], key=lambda t: t.lines)
        recognised = any(r.score is not None for r in out.regions)
        doubted = names.doubt(found, _lines_of(text, found), self.catalogue, recognised=recognised)
        judged = confirm.judge(doubted, self.catalogue, disputes)
        checked = judged.checked
        said = [*reading.findings, *judged.findings, *_left_out(text, drafts, read)]
        said.extend(_structure(checked.tables, text, odd, self.catalogue.by_id))
        said.extend(_absent(checked.tables, odd, self.catalogue))
        evidence = [*out.findings, *said, *regions.others(checked.tables, out.regions)]
        diagnosis = repair.diagnose(checked, first=len(out.repairs), beside=evidence)
        out.findings.extend((*said, *diagnosis.findings))
        out.attempts.extend(reading.attempts)
        out.repairs.extend(diagnosis.proposals)
        out.tables.extend(checked.tables)
        out.unknown.extend(odd)
        out.count(checked.counts)
        return judged.withdrawn

    def _plan(self, booked: Budget | None) -> cascade.Plan:
        if not self.model or not booked:
            return cascade.Plan(self.engine)
        from .readers.model import Account  # noqa: PLC0415 - loaded where a model is named

        account = Account(self.model, booked, self.max_repairs, self.connect)
        return cascade.Plan(self.engine, account, self.second_opinion)


def _left_out(text: Sequence[Line], drafts: Sequence[Draft], read: Sequence[Table]) -> Iterator[Finding]:
    """Say what of the tables could not be read, or not whole."""
    for draft, table in zip(drafts, read, strict=True):
        yield from draft.findings
        yield from assemble.damaged(draft)
        yield from assemble.unread_numbers(text, draft.chunk, [table])


def _said(
    forms: Mapping[int, performance.Form], cut: Sequence[chunks.Chunk]
) -> dict[int, list[tuple[str, dict[str, list[Piece]]]]]:
    """Collect what the forms of each disclosure say in words."""
    out: dict[int, list[tuple[str, dict[str, list[Piece]]]]] = {}
    for chunk in cut:
        if chunk.first in forms and forms[chunk.first].said[1]:
            out.setdefault(chunk.part, []).append(forms[chunk.first].said)
    return out


def _beside(
    text: Sequence[Line], told: prose.Reading, forms: Mapping[int, performance.Form], plan: cascade.Plan,
    specs: Catalogue,
) -> "Beside | None":  # fmt: skip
    """Prepare to ask a model about sentences and forms: what the grammar left open, or everything."""
    if plan.account is None or plan.engine == "deterministic":
        return None
    whole = cascade.everything(plan)
    from .readers.asked_beside import Beside  # noqa: PLC0415 - loaded where a model is named

    return Beside.of(plan.account, text, (told, forms), (statements(), specs), left=None if whole else _AMOUNT)


def _lines_of(text: Sequence[Line], tables: Sequence[Table]) -> Sequence[Line]:
    """Return the lines from the first to the last that some tables stand in."""
    if not tables:
        return ()
    first, last = min(t.lines[0] for t in tables), max(t.lines[1] for t in tables)
    start = bisect_left(text, first, key=lambda line: line.number)
    return text[start : bisect_right(text, last, key=lambda line: line.number)]


def _input(document: Document, cut: Sequence[chunks.Chunk], told: prose.Reading) -> Iterator[Finding]:
    if document.replaced:
        line = document.line_of(document.first_replaced)
        yield Finding(
            code="undecodable", kind="input", line=line,
            message=f"{document.replaced} places can't be decoded as {document.encoding}, the first in line {line}; "
            "they read as U+FFFD. Convert the file again from its source.",
        )  # fmt: skip
    if not any(c.spec for c in cut) and all(t.id == "document" for t in told.tables):
        yield Finding(
            code="no-known-table", kind="not-read", line=1,
            message="No table that a spec describes was found. `extractor sections FILE` shows the headings, "
            "`extractor schemas` the titles that are known.",
        )  # fmt: skip


def _between(text: Sequence[Line], heads: Sequence[sections.Heading], runs: Sequence[range]) -> Iterator[Finding]:
    """List numbers that stand between a 表 N and its title, where a row of the table above slipped to."""
    markers = {h.index for h in heads if h.kind == "marker" and not h.contents}
    for run in runs:
        if run[0] in markers and len(run) <= _FEW:
            count = _numbers(text[i].text for i in run)
            if count:
                line = text[run[0]].number
                yield Finding(
                    code="numbers-not-read", kind="not-read", line=line,
                    message=f"{count} numbers stand between the number and the title of a table (lines {line}-"
                    f"{text[run[-1]].number}). A row of the table above may have slipped there.",
                )  # fmt: skip


def _titles_lost(text: Sequence[Line], heads: Sequence[sections.Heading]) -> Iterator[Finding]:
    """Say which tables are told by their places alone."""
    for head in heads:
        if head.lost:
            line = text[head.index].number
            yield Finding(
                code="title-lost", kind="structure", table=head.spec, line=line,
                message=f"The table from line {line} has no title that can be read. By its place it is {head.title}: "
                "those before and after it are there, and this one nowhere else. Compare with the original.",
            )  # fmt: skip


def _absent(tables: Sequence[Table], unknown: Sequence[deterministic.Unknown], specs: Catalogue) -> Iterator[Finding]:
    """Name the tables of a budget that should be there: most of the eleven are, and these are not."""
    here = {t.id for t in tables} | {u.chunk.spec for u in unknown}
    numbered = [s for s in specs.tables if 1 <= s.number <= _BUDGET]
    lost = [s for s in numbered if s.id not in here]
    own = all(not t.layout and not t.labels for t in tables)  # other offices print other tables
    if 0 < len(lost) <= 3 and tables and own:
        for spec in lost:
            yield Finding(
                code="table-missing", kind="structure", table=spec.id, line=None,
                message=f"表{spec.number} {spec.title} was not found although the other tables of a budget were. Its "
                "title may be lost: `extractor sections FILE` shows the headings.",
            )  # fmt: skip


def _structure(
    tables: Sequence[Table], text: Sequence[Line], unknown: Sequence[deterministic.Unknown], specs: Container[str]
) -> Iterator[Finding]:
    for table in tables:
        if table.id in specs and not table.empty_note and not any(True for _ in table.numbers()):
            yield Finding(
                code="table-without-rows", kind="structure", table=table.id, line=table.lines[0],
                message=f"{table.title}: no row with a number and no note that it is empty. Look at lines "
                f"{table.lines[0]}-{table.lines[1]}.",
            )  # fmt: skip
        keys: dict[tuple[str, str | None], int] = {}  # 支出总计 of another way to tell it is another row
        for row in table.rows:
            if not any(c.kind == "number" for c in row.cells):
                continue
            named = row.key, row.role
            if named in keys and not (row.kind == "total" and row.role is None):
                yield Finding(
                    code="row-twice", kind="structure", table=table.id, line=row.line,
                    message=f"{table.title}: row {row.key} is printed in line {keys[named]} and again in line "
                    f"{row.line}. Both are kept.",
                )  # fmt: skip
            keys[named] = row.line
    for entry in unknown:
        first, last = text[entry.chunk.first].number, text[entry.chunk.last].number
        count = _numbers(text[i].text for piece in entry.chunk.pieces for i in piece)
        yield Finding(
            code="table-not-read", kind="not-read", table=entry.chunk.spec, line=first,
            message=f"{squeeze(entry.chunk.title)[:60]} (lines {first}-{last}, {count} numbers) is not read: "
            f"{entry.reason}.",
        )  # fmt: skip


def _unread(
    text: Sequence[Line], heads: Sequence[sections.Heading], runs: Sequence[range],
    unknown: Sequence[deterministic.Unknown], told: prose.Reading, forms: Iterable[performance.Form],
) -> Iterator[Unread]:  # fmt: skip
    titles = {h.index: h.title for h in heads if not h.contents} | told.titles
    for form in forms:
        if form.table and form.left:
            yield Unread(
                title=form.chunk.title, lines=form.table.lines, numbers=form.left,
                reason="numbers in the words of a form, or in cells that could not be told apart",
            )  # fmt: skip
    for entry in unknown:
        body = [text[i] for piece in entry.chunk.pieces for i in piece]
        yield Unread(
            title=entry.chunk.title,
            lines=(text[entry.chunk.first].number, text[entry.chunk.last].number),
            numbers=_numbers(line.text for line in body),
            reason=entry.reason,
        )
    for run in runs:
        here = [i for i in run if i in titles]
        starts = here if here and here[0] == run[0] else [run[0], *here]
        for first, end in zip(starts, [*starts[1:], run.stop], strict=True):
            lines = [text[i] for i in range(first, end)]
            count = sum(told.left(line, _AMOUNT) for line in lines)
            if count:
                known = any(i in told.known for i in range(first, end))
                yield Unread(
                    title=titles.get(first, "(no heading)"), lines=(lines[0].number, lines[-1].number), numbers=count,
                    reason="no declared pattern reads these numbers" if known else "prose of this kind isn't read",
                )  # fmt: skip


def _numbers(texts: Iterator[str]) -> int:
    return sum(len(_AMOUNT.findall(text)) for text in texts)
