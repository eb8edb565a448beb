"""Specs of prose: what each statement of a disclosure looks like, as data.

``schemas/prose/<id>.yaml`` describes one statement for budgets and final accounts alike, ``vocabulary.yaml`` the words
and columns that all share; :mod:`extractor.statements` makes patterns of them. Adding a wording adds no Python.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["budget", "final"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnSpec(_Strict):
    """A column: ``money``, ``percent``, ``count`` (its unit stands in the placeholder) or ``text``."""

    value: Literal["money", "percent", "count", "text"]


class Vocabulary(_Strict):
    """What all statements share.

    Attributes:
        words: Word lists by name: ``<name>`` in a pattern stands for one of them.
        up: Verbs of a rise.
        down: Verbs of a fall: the amount behind one is negative.
        columns: Columns by name.
        attributes: Clauses that may follow a row: patterns by name. One without a column is only skipped.
        tails: Patterns after which text runs on to the end of the sentence, by column.
        masked: Those of the tails whose text is no place for a row to begin.
        compared: What a row is compared with, which is no place for a row to begin either.
        own_budget: A comparison that in final accounts is one with the budget of the same year.
        fillers: Words that tell no heading from another.
        other_headings: Headings that end a section without opening one that is read.
    """

    words: dict[str, str]
    up: tuple[str, ...]
    down: tuple[str, ...]
    columns: dict[str, ColumnSpec]
    attributes: dict[str, tuple[str, ...]]
    tails: dict[str, str]
    masked: tuple[str, ...]
    compared: str
    own_budget: str
    fillers: str
    other_headings: tuple[str, ...]


class RowPattern(_Strict):
    """A row of a statement: how it begins, and what may follow.

    Attributes:
        key: Row key; ``{name}`` is the text of that group of the pattern. Empty: the text is passed over.
        final: The key in final accounts, where it is another.
        also: Further rows that the same amount belongs to.
        patterns: How the row begins; the first that matches at a place wins, the longest goes before.
        attributes: Clauses that may follow, by name; those of the statement if not given.
        changes: Row that the changes and reasons behind this one belong to, where it is another.
        nested: Behind 其中, rows ``{name}`` are parts of the row ``{name}`` before, and its key goes before theirs.
        under: Label that goes before the key where a row of that label is printed too.
        kind: Only in budgets, or only in final accounts.
        usual: Names that ``{name}`` usually is: another spelling of one is a misreading.
        elsewhere: Looked for outside of the statement's own section too, where the statement is.
    """

    key: str
    final: str | None = None
    also: tuple[str, ...] = ()
    patterns: tuple[str, ...]
    attributes: tuple[str, ...] | None = None
    changes: str | None = None
    nested: bool = False
    under: str | None = None
    kind: Kind | None = None
    usual: tuple[str, ...] = ()
    elsewhere: bool = True


class FieldSpec(_Strict):
    """A labelled field of a record, such as 预算安排规模：18.81万元."""

    label: str
    column: str
    value: Literal["key", "text", "money", "parts"]


class Statement(_Strict):
    """One table of prose.

    Attributes:
        id: Table id of the facts contract.
        title: What it is about.
        order: Place in the printed order, for lists of statements.
        columns: Columns in the order of the contract.
        headings: Headings of its section, without numbering, office, year and fillers.
        numbered: Headings that are one only with a number, as 三、; without it they are a title of the whole.
        within: Headings by the statement whose section they must stand in.
        attributes: Clauses that may follow a row, in the order in which they are tried.
        masked: Texts that are no place for a row to begin; those of the vocabulary if not given.
        passed: Further texts that are no place for a row to begin.
        rows: Rows.
        records: Labelled fields, one record after the other.
        list: The section is a numbered list with this text column; keys are numbers, or the term before a colon.
        empty: Patterns of the declaration that there is nothing.
        beside: Rows that are taken from the section of another statement where its own doesn't have them.
        otherwise: Statements whose sections it is read from where its own is missing or says nothing, and the rows
            that are taken from there; none for all.
        otherwise_in: Only in budgets, or only in final accounts, and where those statements say nothing themselves.
        anywhere: Looked for in all prose where the section is missing or says nothing.
    """

    id: str
    title: str
    order: int
    columns: tuple[str, ...]
    headings: tuple[str, ...]
    numbered: tuple[str, ...] = ()
    within: dict[str, tuple[str, ...]] = {}
    attributes: tuple[str, ...] = ()
    masked: tuple[str, ...] | None = None
    passed: tuple[str, ...] = ()
    rows: tuple[RowPattern, ...] = ()
    records: tuple[FieldSpec, ...] = ()
    list: Literal["number", "term"] | None = None
    empty: tuple[str, ...] = ()
    beside: dict[str, tuple[str, ...]] = {}
    otherwise: dict[str, tuple[str, ...]] = {}
    otherwise_in: Kind | None = None
    anywhere: bool = False


class DocumentField(_Strict):
    """A fact of the document as a whole, looked for line by line.

    Attributes:
        column: Column.
        zone: ``cover`` is what stands before the first heading, ``end`` the last lines, ``all`` every line.
        pattern: Over the line without white space; the group ``v`` is the value.
        constant: The value to report, whatever is printed.
        date: The value is a date, to be written in ISO form.
        has: A character without which no text matches, so that most lines need not be looked at.
    """

    column: str
    zone: Literal["cover", "all", "end"]
    pattern: str
    constant: str | None = None
    date: bool = False
    has: str = ""


class DocumentSpec(_Strict):
    """The cover, headers and sign-off."""

    id: str
    title: str
    order: int
    columns: tuple[str, ...]
    fields: tuple[DocumentField, ...]
