"""The recogniser of characters: where a picture holds text, and what it says, with what it may say as well.

The models lie in a package (``rapidocr``), nothing is fetched when it runs. Threads may share one recogniser.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np

from .page_image import Image
from .text import Box

_HEIGHT = 48  # pixels of a line, as the model was trained
_LEAST = 48  # its least width; each pixel costs time, and padding to the trained 320 takes three times as long
_WIDEST = 3200
_BATCH = 8
_PIXELS = 2560  # of width in a batch: what is told of each eight of them takes as many numbers as there are characters
_MODEL = "PP-OCRv6_rec_small.onnx"
_SOFT = 0.01  # probability from which a second character is worth naming
_LIKELY = 0.05  # likewise, in words
_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What a picture of a line says.

    Attributes:
        text: The likeliest reading.
        score: Mean probability of its characters, from 0 to 1; 0 where nothing is read.
        others: Readings with one character changed, dropped or added that are nearly as likely, likeliest first.
        least: The probability of the letter or digit that is least sure.
    """

    text: str
    score: float
    others: tuple[str, ...] = ()
    least: float = 1.0


class Recogniser:
    """Two models, loaded when they are first needed; one thread each, since pages go side by side."""

    def __init__(self) -> None:
        self._lock = Lock()

    @cached_property
    def _detector(self) -> Any:
        from rapidocr import RapidOCR  # noqa: PLC0415 - it takes seconds to load

        return RapidOCR(
            params={
                "Global.log_level": "error", "Global.use_cls": False, "Global.max_side_len": 5000,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            }
        )  # fmt: skip

    @cached_property
    def _session(self) -> Any:
        import onnxruntime  # noqa: PLC0415 - likewise
        import rapidocr  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False  # it keeps the most that any width ever took
        model = Path(rapidocr.__file__).parent / "models" / _MODEL
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _characters(self) -> list[str]:
        known = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        return ["", *known, " "]

    def boxes(self, page: Image, scale: float) -> list[Box]:
        """Return the boxes of the runs of text on a page, sought at a smaller scale: that needs fewer pixels."""
        with self._lock:  # it keeps what it is at in itself
            detector = self._detector
            small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            found = detector(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR), use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        corners = [np.asarray(box) / scale for box in found.boxes]
        both = [(c.min(0), c.max(0)) for c in corners]
        return [(float(a[0]), float(a[1]), float(b[0]), float(b[1])) for a, b in both]

    def read(self, pictures: Sequence[Image], least: int = _LEAST) -> list[Reading]:
        """Read pictures of lines.

        Args:
            pictures: Grey pictures, each of one line.
            least: Pixels to which narrow ones are padded; 320 is slow, and the most exact.
        """
        out = [Reading("", 0.0)] * len(pictures)
        widths = [max(8, min(_WIDEST, round(p.shape[1] * _HEIGHT / p.shape[0]))) for p in pictures]
        order = sorted(range(len(pictures)), key=widths.__getitem__)
        for some in _batches(order, widths, least):
            width = max(least, widths[some[-1]])
            batch = np.zeros((len(some), 3, _HEIGHT, width), np.float32)
            for row, i in enumerate(some):
                line = cv2.resize(pictures[i], (widths[i], _HEIGHT)).astype(np.float32) / 127.5 - 1
                batch[row, :, :, : widths[i]] = line
            (told,) = self._session.run(None, {self._session.get_inputs()[0].name: batch})
            for row, i in enumerate(some):
                out[i] = self._decoded(told[row])
        return out

    def _decoded(self, steps: Any) -> Reading:
        best = steps.argmax(1)
        sure = steps[np.arange(len(best)), best]
        first = np.ones(len(best), bool)
        first[1:] = best[1:] != best[:-1]
        kept = first & (best != 0)
        if not kept.any():
            return Reading("", 0.0)
        text = self._spelt(best)
        return Reading(
            text, float(sure[kept].mean()), tuple(self._others(steps, best, sure, text)), self._least(best, sure, first)
        )

    def _least(self, best: Any, sure: Any, first: Any) -> float:
        """Return how sure the least sure letter or digit is: in one of the several steps that it takes."""
        each = np.maximum.reduceat(sure, np.where(first)[0])
        said = [float(p) for c, p in zip(best[first], each, strict=True) if self._characters[c].isalnum()]
        return min(said, default=float(each[best[first] != 0].min()))

    def _spelt(self, path: Any) -> str:
        return "".join(
            self._characters[c] for c, before in zip(path, [0, *path[:-1]], strict=True) if c and c != before
        )

    def _others(self, steps: Any, best: Any, sure: Any, text: str) -> Iterator[str]:
        """Yield the readings along a path that differs in one step; of words, only those that are likely."""
        soft = _SOFT if any(c.isdigit() for c in text) else _LIKELY
        found: dict[str, float] = {}
        for at in np.where(sure < 1 - soft)[0]:
            row = steps[at].copy()
            row[best[at]] = 0
            other = int(row.argmax())
            if row[other] >= soft:
                path = best.copy()
                path[at] = other
                spelt = self._spelt(path)
                if spelt != text:
                    found[spelt] = max(found.get(spelt, 0.0), float(row[other] / sure[at]))
        yield from sorted(found, key=lambda s: -found[s])[:_OTHERS]


def _batches(order: Sequence[int], widths: Sequence[int], least: int) -> Iterator[Sequence[int]]:
    """Yield what is read at once, from narrow to wide: few wide pictures, since memory goes by the widest."""
    start = 0
    while start < len(order):
        count = _BATCH
        while count > 1 and count * max(least, widths[order[min(start + count, len(order)) - 1]]) > _PIXELS:
            count -= 1
        yield order[start : start + count]
        start += count
