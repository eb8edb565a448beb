"""Every identity of a result with the cells and numbers that went into it, for reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .arithmetic import pinned
from .checks import Checked, check
from .findings import as_printed
from .framing import frames_of, printed_numbers, quantities
from .instance import QUOTIENTS, Frame, Instance, Outcome, Ref
from .records import Cell, Row, Table
from .specs import Catalogue, catalogue

_PURE = QUOTIENTS | {"reach", "sign"}  # relations between numbers as printed, whatever their units


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the identities say of some tables.

    Attributes:
        tables: The tables, with the states that the identities give their cells.
        frames: Their skeletons.
        values: Every number that identities see: number cells, and numbers in texts such as ``≥5 批次``.
        outcomes: Every instance with its outcome.
    """

    tables: tuple[Table, ...]
    frames: tuple[Frame, ...]
    values: Mapping[Ref, Decimal]
    outcomes: Sequence[tuple[Instance, Outcome]]

    def scale(self, ref: Ref) -> Decimal:
        """Yuan per unit of a cell; 1 for what isn't money."""
        return self.frames[ref.frame].scale_at(ref.row, ref.column)

    def base(self, instance: Instance) -> Decimal:
        """By what the sums of an outcome are divided, to be in the unit of the instance's first cell."""
        pure = instance.relation in _PURE or not instance.refs
        return Decimal(1) if pure else self.scale(instance.refs[0])

    def rule(self, instance: Instance) -> str:
        """Return the rule of an instance, in the words of the document."""
        return as_printed(instance, self.tables, self.frames)

    def row(self, ref: Ref) -> Row:
        """Return the row of a cell."""
        return self.tables[ref.frame].rows[ref.row]

    def cell(self, ref: Ref) -> Cell | None:
        """Return what is printed in a place, or None where it is empty."""
        found = [c for c in self.row(ref).cells if c.column == ref.column]
        return next((c for c in found if c.kind == "number"), found[0] if found else None)

    def confirmed(self, instance: Instance, outcome: Outcome) -> frozenset[Ref]:
        """Cells that an instance proves; never one of which it is open which column it belongs to."""
        if instance.soft:
            return frozenset()
        pins = ((ref, self.cell(ref)) for ref in pinned(instance, outcome, self.frames, self.values))
        return frozenset(
            ref for ref, cell in pins if cell is not None and instance.id in cell.proof and cell.state != "ambiguous"
        )


def evidence(tables: Sequence[Table], specs: Catalogue | None = None) -> Evidence:
    """Evaluate every identity on these tables."""
    known = specs or catalogue()
    checked: Checked = check(tables, known)
    frames = frames_of(tables, known)
    values = {**quantities(frames), **printed_numbers(tables)}
    return Evidence(checked.tables, tuple(frames), values, checked.outcomes)
