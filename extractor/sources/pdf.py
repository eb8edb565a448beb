"""PDFs: ruled tables as cells, prose as lines, and pages without usable text to the recogniser.

Pages are read one by one and freed, so memory doesn't grow with their number.
"""

import io
import logging
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from extractor.errors import InputError
from extractor.records import Finding

from .extras import needs
from .reading_order import Char, TextLine, around, rounded, text_lines
from .scans import Pace, Scans, available, rendered
from .text import Assembly, Box, Converted, Piece, joined

if TYPE_CHECKING:
    from pdfplumber.page import Page
    from pdfplumber.table import Table

_Picture = Callable[[int], tuple[Any, float]]

MAX_PAGES = 2000
_MAX_OBJECTS = 500_000  # characters, lines and boxes of one page
_MAX_CONTENT = 4_000_000  # bytes of what draws one page; a full table takes some ten thousand
_GARBLED = re.compile(r"\(cid:\d+\)|[\ufffd\ue000-\uf8ff]")
_COVER = 0.8  # of a page, from which an image is a scan
_WHITE = ((1,), (1, 1, 1), (0, 0, 0, 0))  # grey, RGB, CMYK
_AMOUNT = re.compile(r"[-+]?\d[\d,]*\.\d+")


def read(data: bytes, name: str, pace: Pace) -> Converted:
    """Read a PDF.

    Raises:
        InputError: It has a password or is broken, or the extra isn't installed.
    """
    pdfplumber = needs("pdfplumber", "pdf", name)
    from pdfminer.pdfdocument import PDFPasswordIncorrect  # noqa: PLC0415 - comes with it

    try:
        document = pdfplumber.open(io.BytesIO(data))
        count = len(document.pages)
    except Exception as error:  # noqa: BLE001 - a broken file breaks the parser in any way
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect):
            raise InputError(f"{name}: this PDF has a password. Save it without one.") from None
        raise InputError(f"{name}: this PDF is broken. Get it again, or print it to a new PDF.") from None
    out = Assembly()
    with document, _quiet(), Scans(out, name, count, pace) as scans, ExitStack() as opened:
        if count == 0:
            raise InputError(f"{name}: this PDF has no pages. Get it again.")
        picture: _Picture | None = None
        for number in range(1, min(count, MAX_PAGES) + 1):
            page = document.pages[number - 1]
            try:
                if _unpacks(page) > _MAX_CONTENT:
                    scans.settle()
                    out.page(number)
                    out.findings.append(_not_read(out, number, "what draws it unpacks to an unreasonable size"))
                elif _wants_image(page):
                    picture = picture or opened.enter_context(rendered(data))
                    scans.picture(number, *picture(number))
                else:
                    scans.settle()
                    out.page(number)
                    _page(out, page, number)
            except InputError:
                raise
            except Exception as error:  # noqa: BLE001 - likewise, page by page
                scans.settle()
                out.findings.append(_not_read(out, number, f"it is broken ({type(error).__name__})"))
            page.close()
    if count > MAX_PAGES:
        text = f"pages {MAX_PAGES + 1} to {count} are not read: the limit is {MAX_PAGES}. Split the file."
        out.findings.append(Finding(code="pages-not-read", kind="not-read", line=out.line, message=text))
    return out.done()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the parser's remarks about fonts, of which it has one for each character."""
    log = logging.getLogger("pdfminer")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _wants_image(page: "Page") -> bool:
    """Whether a page is to be read from its image."""
    return available() and _objects(page) <= _MAX_OBJECTS and bool(_unusable(page.dedupe_chars()))


def _unpacks(page: "Page") -> int:
    """Return how many bytes what draws a page unpacks to, as far as the limit; a few thousand can become gigabytes."""
    from pdfminer.pdftypes import PDFStream, dict_value, resolve1  # noqa: PLC0415 - comes with the extra

    forms = dict_value(page.page_obj.resources.get("XObject", {})).values() if page.page_obj.resources else ()
    drawn = [resolve1(s) for s in page.page_obj.contents]
    drawn += [f for f in map(resolve1, forms) if isinstance(f, PDFStream) and "Form" in str(f.attrs.get("Subtype"))]
    return sum(len(_unpacked(s)) for s in drawn if isinstance(s, PDFStream))


def _unpacked(stream: Any) -> bytes:
    """Return what a stream unpacks to, no further than the limit."""
    from pdfminer.ascii85 import ascii85decode, asciihexdecode  # noqa: PLC0415 - likewise

    data: bytes = stream.rawdata or b""
    for name, _ in stream.get_filters():
        kind = str(name)
        try:
            if "Fl" in kind:
                data = zlib.decompressobj().decompress(data, _MAX_CONTENT + 1)
            elif "85" in kind or "Hex" in kind:
                data = (ascii85decode if "85" in kind else asciihexdecode)(data)
        except (ValueError, zlib.error):
            break  # broken: the parser says so
    return data


def _objects(page: "Page") -> int:
    return sum(len(kind) for kind in page.objects.values())


def _page(out: Assembly, page: "Page", number: int) -> None:
    if _objects(page) > _MAX_OBJECTS:
        out.findings.append(_not_read(out, number, "it has too many objects"))
        return
    page = page.dedupe_chars().filter(_seen)
    why = _unusable(page)
    if why:
        remedy = "reading it from its image needs the extra: pip install 'extractor[ocr]'"
        out.findings.append(_not_read(out, number, f"{why}; {remedy}"))
        if not page.chars or _garbled(page):
            return
    for pieces in _in_order(page):
        out.row(pieces)


def _seen(item: dict[str, Any]) -> bool:
    """Whether something on a page can be seen: a white sheet behind a table has edges that rule nothing."""
    if item["object_type"] != "rect" or item.get("stroke") or not item.get("fill"):
        return True
    colour = item.get("non_stroking_color")
    parts = tuple(colour) if isinstance(colour, Sequence) else (colour,)
    return parts not in _WHITE


def _not_read(out: Assembly, number: int, why: str) -> Finding:
    return Finding(code="page-not-read", kind="not-read", line=out.line, message=f"page {number} is not read: {why}.")


def _unusable(page: "Page") -> str:
    """Say why the text layer of a page is not what is printed on it; empty where it is."""
    scan = any(i["width"] * i["height"] >= _COVER * page.width * page.height for i in page.images)
    if not page.chars:
        return "it is an image without text" if page.images else ""
    if _garbled(page):
        return "its text layer is garbled"
    return "its text is an old recognition of the image behind it" if scan else ""


def _garbled(page: "Page") -> bool:
    text = "".join(c["text"] for c in page.chars)
    return sum(len(m.group()) for m in _GARBLED.finditer(text)) * 20 > len(text)


def _in_order(page: "Page") -> Iterator[list[Piece]]:
    """Yield the lines and table rows of a page from top to bottom."""
    tables = [t for t in page.find_tables() if len(t.cells) > 1]
    tables = [t for t in tables if not any(_within(t.bbox, o.bbox) for o in tables if o is not t)]
    inside: dict[int, list[Char]] = {i: [] for i in range(len(tables))}
    outside: list[Char] = []
    for char in page.chars:
        found = next((i for i, t in enumerate(tables) if _holds(t.bbox, char)), None)
        (outside if found is None else inside[found]).append(char)
    blocks: list[tuple[float, list[list[Piece]]]] = [
        (line.box[1], [[Piece(line.text, line.box)]]) for line in text_lines(outside)
    ]
    blocks.extend((t.bbox[1], list(_rows(t, inside[i]))) for i, t in enumerate(tables))
    for _, rows in sorted(blocks, key=lambda block: block[0]):
        yield from rows


def _within(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def _centre(char: Char) -> tuple[float, float]:
    return float(char["x0"] + char["x1"]) / 2, float(char["top"] + char["bottom"]) / 2


def _holds(box: Box, char: Char) -> bool:
    x, y = _centre(char)
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _rows(table: "Table", chars: Sequence[Char]) -> Iterator[list[Piece]]:
    grid = [list(row.cells) for row in table.rows]
    held: dict[Box, list[Char]] = {box: [] for row in grid for box in row if box}
    home: Box | None = None
    for char in chars:
        if home is None or not _holds(home, char):  # neighbours mostly share a cell
            home = next((box for box in held if _holds(box, char)), None)
        if home is None:  # beside the grid, in a frame that isn't closed: the nearest cell of its height
            home = min(held, key=lambda box: _distance(box, char))
        held[home].append(char)
    for row in grid:
        cells = [(box, text_lines(held[box]) if box else []) for box in row]
        for low, high in _levels([lines for _, lines in cells]):
            here = [(box, [ln for ln in lines if low <= ln.middle < high]) for box, lines in cells]
            yield [Piece(joined([ln.text for ln in lines]), around([ln.box for ln in lines]) or rounded(box))
                   for box, lines in here]  # fmt: skip


def _distance(box: Box, char: Char) -> float:
    x, y = _centre(char)
    return max(box[0] - x, 0, x - box[2]) + max(box[1] - y, 0, y - box[3])


def _levels(cells: Sequence[Sequence[TextLine]]) -> list[tuple[float, float]]:
    """Cut a ruled row into the rows that stand in it: some tables rule only their header and frame.

    A row is one row unless a cell holds several whole amounts, one below the other, or one below words: a header's.
    """
    middles = [line.middle for line in max(map(_stack, cells), key=len, default=[])]
    everything = (float("-inf"), float("inf"))
    if len(middles) < 2:
        return [everything]
    cuts = [everything[0], *((a + b) / 2 for a, b in pairwise(middles)), everything[1]]
    return list(pairwise(cuts))


def _stack(lines: Sequence[TextLine]) -> list[TextLine]:
    """Return a cell's whole amounts, and in front of them the last line of words above."""
    amounts = [line for line in lines if _AMOUNT.fullmatch(line.text)]
    above = [line for line in lines if amounts and line.middle < amounts[0].middle]
    return [*above[-1:], *amounts]
