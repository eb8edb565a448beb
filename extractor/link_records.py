"""The records of documents checked against each other: links, findings with both documents, and what stayed open."""

from decimal import Decimal

from .link_rules import LinkKind
from .papers import PaperInfo
from .records import CheckCount, Record


class LinkCell(Record):
    """A printed number and the document, table and line in which it stands."""

    document: str
    table: str
    part: int
    row: str
    column: str
    line: int | None
    value: Decimal
    unit: str


class LinkFinding(Record):
    """Two documents that contradict each other.

    Attributes:
        code: Id of the rule, ``LB1`` …
        message: A sentence for people.
        cells: The numbers compared, the claim first.
        expected: What the rule asks for, in the unit of the claim.
        found: What is claimed.
        difference: ``found`` less ``expected``.
        interval: Tolerance that was allowed, by the printed decimals.
    """

    code: str
    message: str
    cells: tuple[LinkCell, ...]
    expected: Decimal
    found: Decimal
    difference: Decimal
    interval: Decimal


class Unchecked(Record):
    """A claim that nothing was compared with."""

    code: str
    claim: str
    reason: str
    line: int | None = None


class Link(Record):
    """Documents that belong together, and what came of comparing them."""

    kind: LinkKind
    documents: tuple[PaperInfo, ...]
    checks: dict[str, CheckCount]
    findings: tuple[LinkFinding, ...]
    unchecked: tuple[Unchecked, ...]


class LinkReport(Record):
    """All links among some documents; ``apart`` says of the documents outside of them why."""

    documents: tuple[PaperInfo, ...]
    links: tuple[Link, ...]
    apart: tuple[str, ...]

    @property
    def consistent(self) -> bool:
        """Whether every document is in a link, something was compared in each, and nothing contradicts."""
        compared = all(any(c.held for c in link.checks.values()) for link in self.links)
        return bool(self.links) and compared and not self.apart and not any(link.findings for link in self.links)
