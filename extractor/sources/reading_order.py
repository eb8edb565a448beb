"""Characters with boxes to lines of text, from top to bottom and left to right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .text import Box

Char = Mapping[str, Any]
"""A character or a run of them: ``text``, ``x0``, ``x1``, ``top``, ``bottom``."""

_OVERLAP = 0.5  # of the lower one's height, from which two characters stand on one line
_GAP = 0.3  # of the height, from which a gap is a blank


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text and its box."""

    text: str
    box: Box

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return (self.box[1] + self.box[3]) / 2


def text_lines(chars: Sequence[Char]) -> list[TextLine]:
    """Put characters into lines; fonts of several sizes may share one.

    A character belongs to the line whose height it overlaps by half; digits of another font stand a little higher or
    lower than the Chinese characters around them.
    """
    rows: list[list[Char]] = []
    heights: list[tuple[float, float]] = []
    for char in sorted(chars, key=lambda c: (c["top"] + c["bottom"]) / 2):
        top, bottom = char["top"], char["bottom"]
        at = next((i for i in range(len(rows) - 1, max(-1, len(rows) - 4), -1) if _same(heights[i], top, bottom)), None)
        if at is None:
            rows.append([char])
            heights.append((top, bottom))
        else:
            rows[at].append(char)
    ordered = sorted(zip(heights, rows, strict=True), key=lambda pair: sum(pair[0]))
    return [_line(row) for _, row in ordered if any(c["text"].strip() for c in row)]


def around(boxes: Sequence[Box]) -> Box | None:
    """Return the smallest box around all, or None where there are none."""
    if not boxes:
        return None
    left, top, right, bottom = zip(*boxes, strict=True)
    return rounded((min(left), min(top), max(right), max(bottom)))


def rounded(box: Sequence[float] | None) -> Box | None:
    """Return a box to a tenth of a unit."""
    if box is None:
        return None
    left, top, right, bottom = (round(float(x), 1) for x in box)
    return left, top, right, bottom


def _same(height: tuple[float, float], top: float, bottom: float) -> bool:
    shared = min(height[1], bottom) - max(height[0], top)
    return shared > _OVERLAP * max(min(height[1] - height[0], bottom - top), 0.1)


def _line(chars: Sequence[Char]) -> TextLine:
    out = ""
    end = 0.0
    for char in sorted(chars, key=lambda c: c["x0"]):
        if out and char["x0"] - end > _GAP * (char["bottom"] - char["top"]):
            out += " "
        out += char["text"]
        end = max(end, char["x1"])
    box = around([(c["x0"], c["top"], c["x1"], c["bottom"]) for c in chars if c["text"].strip()])
    return TextLine(" ".join(out.split()), box or (0, 0, 0, 0))
