"""Prints a text as other files: lines with tabs as tables, other lines as paragraphs; ¶ breaks a line in a cell."""

import io
from collections.abc import Iterator
from itertools import groupby

from docx import Document as Word
from openpyxl import Workbook
from reportlab.lib.colors import black, white
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

FONT = "STSong-Light"


def blocks(text: str) -> Iterator[tuple[bool, list[list[str]]]]:
    """Yield runs of table rows (True) and of other lines (False), each line as its cells."""
    lines = [line for line in text.splitlines() if line.strip()]
    for table, run in groupby(lines, key=lambda line: "\t" in line):
        yield table, [line.split("\t") for line in run]


def as_pdf(text: str, *, points: float = 5.5, ruled: bool = True, sheet: bool = False, **options: str) -> bytes:
    """Print on A4 across, tables in characters of so many points; options go to the PDF (``encrypt``).

    With ``sheet`` a white one lies behind each page, as wide as the tables: Excel prints one.
    """
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    style = ParagraphStyle("body", fontName=FONT, fontSize=9, leading=13, wordWrap="CJK")
    cell = ParagraphStyle("cell", fontName=FONT, fontSize=points, leading=1.3 * points, wordWrap="CJK")
    story = []
    width = landscape(A4)[0] - 40
    for table, rows in blocks(text):
        if not table:
            story.extend(Paragraph(_escaped(row[0]), style) for row in rows)
            continue
        columns = max(map(len, rows))
        filled = [[Paragraph(_escaped(c), cell) for c in [*row, *[""] * (columns - len(row))]] for row in rows]
        story.append(
            Table(
                filled,
                colWidths=[width / columns] * columns,
                style=[("GRID", (0, 0), (-1, -1), 0.5, black)] if ruled else [],
            )
        )
    out = io.BytesIO()
    document = SimpleDocTemplate(out, pagesize=landscape(A4), margins=20, leftMargin=20, rightMargin=20, **options)
    behind = {"onFirstPage": _sheet, "onLaterPages": _sheet} if sheet else {}
    document.build(story, **behind)
    return out.getvalue()


def _sheet(canvas: Canvas, _: SimpleDocTemplate) -> None:
    width, height = landscape(A4)
    canvas.setFillColor(white)
    canvas.rect(20, 40, width - 40, height - 60, stroke=0, fill=1)


def as_docx(text: str) -> bytes:
    """Write a Word file."""
    document = Word()
    for table, rows in blocks(text):
        if not table:
            for row in rows:
                document.add_paragraph(row[0])
            continue
        grid = document.add_table(len(rows), max(map(len, rows)))
        for line, row in zip(rows, grid.rows, strict=True):
            for value, place in zip(line, row.cells, strict=False):
                place.text = value.replace("¶", "\n")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_xlsx(text: str) -> bytes:
    """Write a workbook of one sheet, amounts as numbers with two decimals."""
    book = Workbook()
    sheet = book.active
    for _, rows in blocks(text):
        for row in rows:
            sheet.append([_value(c.replace("¶", "\n")) for c in row])
            for place in sheet[sheet.max_row]:
                if isinstance(place.value, float):
                    place.number_format = "#,##0.00"
                elif place.value is not None:
                    place.data_type = "s"  # "=0 次" is no formula
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _value(text: str) -> str | float:
    head, _, tail = text.partition(".")
    return float(text) if len(tail) == 2 and (head.removeprefix("-") + tail).isdigit() else text
