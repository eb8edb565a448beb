"""From tables to the skeletons that identities are about: units, projects, and the codes that names stand for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from .amount import UNIT_SCALE, scale_of, unit_of, usual_places
from .instance import Frame, FrameRow, Ref
from .normalize import squeeze
from .records import Row, Table
from .specs import Catalogue, is_final
from .wording import flat, quantity

_PROSE = ("n_", "performance_", "staffing", "document")
_LENGTHS = (3, 5, 7)
_ODD = 20  # rates of which not more than one has other decimals are printed with the same
_FUNCTIONAL = "2"  # prose names classes of the functional classification, whose codes begin so; economic ones with 3


def is_prose(table_id: str) -> bool:
    """Whether a table holds what prose or a performance form says: what isn't said there is unknown, not 0."""
    return table_id.startswith(_PROSE)


def frame_of(table: Table) -> Frame:
    """Return a table's skeleton."""
    rows = tuple(FrameRow(r.role, r.parent, r.side, r.key, None, _project(r), _texts(r)) for r in table.rows)
    usual = usual_places(len(c.text.partition(".")[2]) for _, c in table.numbers())
    empty = table.empty_note is not None
    scale, final = scale_of(table.unit), is_final(table.title)
    frame = Frame(
        table.id, table.part, table.columns, rows, empty, scale, usual, table.layout, final, labels=table.labels
    )  # fmt: skip
    if not is_prose(table.id):
        return frame
    scales = {
        (number, c.column): _scale(c.unit, frame.scale)
        for number, row in enumerate(table.rows)
        for c in row.cells
        if c.kind == "number"
    }
    for number, row in enumerate(rows):
        for column, text in row.texts:
            said = quantity(text)
            if said is not None:
                scales[number, column] = _scale(said.unit or "%", frame.scale)
    return replace(frame, gaps=True, name=_form(table), scales=scales)


def frames_of(tables: Sequence[Table], catalogue: Catalogue) -> list[Frame]:
    """Return the skeletons of all tables; names in prose get the codes that the tables beside it print."""
    frames = _with_rates([frame_of(table) for table in tables], tables)
    known = {part: _Names(frames, part, catalogue) for part in {f.part for f in frames if f.gaps}}
    return [_coded(frame, known[frame.part]) if frame.gaps else frame for frame in frames]


def reframed(frames: Sequence[Frame], before: Sequence[Table], tables: Sequence[Table]) -> list[Frame]:
    """Return the skeletons of tables with other numbers: rows, columns and texts as they were ``before``."""
    made = [
        old if table is was else replace(frame_of(table), rows=old.rows, rates=old.rates)
        for old, was, table in zip(frames, before, tables, strict=True)
    ]
    return _with_rates(made, tables)


def _with_rates(frames: Sequence[Frame], tables: Sequence[Table]) -> list[Frame]:
    rates = {part: _rate_places([t for t in tables if t.part == part]) for part in {t.part for t in tables}}
    return [
        replace(frame, rates=rates[frame.part]) if frame.gaps and frame.rates != rates[frame.part] else frame
        for frame in frames
    ]


def _rate_places(tables: Sequence[Table]) -> int:
    """Return how many digits after the point the rates in prose have; 0 unless all have but one in twenty."""
    found = Counter(
        unit_of(c.value)
        for t in tables
        if t.id.startswith("n_")
        for _, c in t.numbers()
        if c.unit == "%" and c.value is not None
    )
    usual, count = found.most_common(1)[0] if found else (Decimal(1), 0)
    return -usual.adjusted() if (found.total() - count) * _ODD <= found.total() else 0


def printed_numbers(tables: Sequence[Table]) -> dict[Ref, Decimal]:
    """Return the value of every printed number cell, by its place."""
    return {
        Ref(i, n, c.column): c.value
        for i, t in enumerate(tables)
        for n, r in enumerate(t.rows)
        for c in r.cells
        if c.kind == "number" and c.value is not None
    }


def quantities(frames: Sequence[Frame]) -> dict[Ref, Decimal]:
    """Return the numbers that text cells of performance forms hold, such as ``≥5 批次``."""
    return {
        Ref(index, number, column): said.value
        for index, frame in enumerate(frames)
        if frame.gaps
        for number, row in enumerate(frame.rows)
        for column, text in row.texts
        if (said := quantity(text)) is not None
    }


def _project(row: Row) -> str:
    return row.key.rsplit("/", 1)[-1] if row.kind == "project" else ""


def _texts(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple((c.column, flat(c.text)) for c in row.cells if c.kind == "text")


def _scale(unit: str, usual: Decimal) -> Decimal:
    return UNIT_SCALE.get(unit, Decimal(1)) if unit else usual


def _form(table: Table) -> str:
    """Name of the project that a form is about: what stands before the role in its row keys."""
    row = next((r for r in table.rows if r.role and r.key.endswith("/" + r.role)), None)
    return row.key.removesuffix(f"/{row.role}") if row and row.role else ""


class _Names:
    """Codes by their names, from the tables of one disclosure first, then from the national classification."""

    def __init__(self, frames: Sequence[Frame], part: int, catalogue: Catalogue) -> None:
        standard, below = _standard(catalogue)
        printed: dict[str, set[str]] = {}
        for frame in frames:
            for row in frame.rows if frame.part == part and not frame.gaps else ():
                if row.role and row.role.isdigit() and row.role[0] in _FUNCTIONAL and len(row.role) in _LENGTHS:
                    names = printed.setdefault(row.role, set(standard.get(row.role, ())))
                    names.update(filter(None, (row.text("名称"),)))
        self._sources = (_below(printed), below)

    def code(self, key: str) -> str | None:
        """Return the code of a class, or of a path ``类/款/项``; None where none or several have the name."""
        return next((found for source in self._sources if (found := _look_up(key, source))), None)


_Below = Mapping[str, Sequence[tuple[str, set[str]]]]


def _below(names: Mapping[str, set[str]]) -> _Below:
    """Group codes by the code above them."""
    out: dict[str, list[tuple[str, set[str]]]] = {}
    for code, said in names.items():
        out.setdefault(code[:-2] if len(code) > _LENGTHS[0] else "", []).append((code, said))
    return out


@lru_cache(maxsize=8)
def _standard(catalogue: Catalogue) -> tuple[Mapping[str, set[str]], _Below]:
    """Return the names of each code of the functional classification, and the codes by the one above them."""
    names = {c: {squeeze(n) for n in names} for c, names in catalogue.names.items() if c[0] in _FUNCTIONAL}
    return names, _below(names)


def _look_up(key: str, below: _Below) -> str | None:
    parts = squeeze(key).split("/")
    if len(parts) > len(_LENGTHS):
        return None
    found = [""]
    for part in parts:
        found = [code for above in found for code, names in below.get(above, ()) if part in names]
    return found[0] if len(found) == 1 else None


def _coded(frame: Frame, names: _Names) -> Frame:
    rows = tuple(row._replace(code=code) if (code := names.code(row.label)) else row for row in frame.rows)
    return replace(frame, rows=rows)
