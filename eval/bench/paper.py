"""Whole budgets printed, scanned and read: each sample as a PDF with text, and as pictures of worn paper, against gold.

Needs the extras (``pip install 'extractor[pdf,ocr]'``) and reportlab. What is printed are the facts of gold, tables
ruled, on A4 across; a scan is a PDF of nothing but pictures, or pages of which every one is turned a little and worn.

    python eval/bench/paper.py --as text --as 200.L2 --as 200.L3 [--threads 2] [--sample kizilsu_fao_2024_budget]
    python eval/bench/paper.py --pages 500 [--as text]          (memory and time of a long file)
"""

import argparse
import io
import re
import resource
import sys
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from extractor import Document, Extractor
from extractor.data import data_folder
from extractor.evaluation.retell import retell
from extractor.evaluation.score import load_facts, score
from extractor.facts import facts
from extractor.sources import Pace
from tests.printed import as_pdf


@dataclass(frozen=True)
class Wear:
    """How worn a page is: turned by degrees, blurred by pixels, contrast, noise, share of dots, quality of the JPEG.

    A photograph leans: it shows the page from aside, on a dark desk, by as much of its size.
    """

    turn: float = 0.0
    blur: float = 0.0
    contrast: float = 1.0
    noise: float = 0.0
    dots: float = 0.0
    quality: int = 95
    shade: float = 0.0
    bits: int = 8
    thin: bool = False
    lean: float = 0.0


LEVELS = {
    "L0": Wear(),
    "L1": Wear(turn=0.3, blur=0.6, contrast=0.85, noise=4, quality=70),
    "L2": Wear(turn=0.7, blur=0.9, contrast=0.65, noise=5, dots=0.003, quality=40),
    "L3": Wear(turn=0.7, blur=1.3, contrast=0.4, noise=6, dots=0.015, quality=40, shade=35),
    "PHOTO": Wear(turn=0.7, blur=1.3, contrast=0.4, noise=6, dots=0.015, quality=40, shade=35, lean=0.04),
    "FAX": Wear(turn=0.7, blur=0.8, noise=22, dots=0.002, bits=1),
    "THIN": Wear(turn=0.7, blur=0.5, contrast=0.8, noise=4, quality=60, thin=True),
}
"""The levels of the pages in the issue about scans, made anew."""


def worn(page: Any, wear: Wear, seed: str) -> Any:
    """Return a page as paper makes it, the same for the same seed."""
    if wear == Wear():
        return page
    chance = np.random.default_rng(zlib.crc32(seed.encode()))
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), wear.turn, 1)
    out = cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
    if wear.lean:
        out = _aside(out, wear.lean, chance)
        height, width = out.shape
    out = cv2.GaussianBlur(out, (0, 0), wear.blur).astype(np.float32)
    if wear.thin:
        out = 0.45 * out + 0.55 * cv2.dilate(out, np.ones((2, 2), np.uint8))
    out += chance.normal(0, wear.noise, out.shape)
    if wear.bits == 1:
        out = np.where(out < 150, 0, 255).astype(np.float32)
    else:
        out = 235 - (235 - np.clip(out, 0, 255) * 235 / 255) * wear.contrast
        across, down = np.linspace(0, wear.shade, width), np.linspace(0, wear.shade / 2, height)
        out -= across[None, :] + down[:, None]
    dice = chance.random(out.shape)
    out[dice < wear.dots / 2] = 0
    out[dice > 1 - wear.dots / 2] = 255
    grey = np.clip(out, 0, 255).astype(np.uint8)
    if wear.bits == 1:
        return grey
    _, packed = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, wear.quality])
    return cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)


def _aside(page: Any, lean: float, chance: Any) -> Any:
    """Return a page seen from aside: each corner elsewhere, dark around it."""
    height, width = page.shape
    edge = int(lean * width)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + edge + chance.uniform(-0.6, 0.6, (4, 2)).astype(np.float32) * edge
    turn = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    return cv2.warpPerspective(page, turn, (width + 2 * edge, height + 2 * edge), flags=cv2.INTER_AREA, borderValue=70)


def pictures(pdf: bytes, dpi: int, level: str) -> list[Any]:
    """Return the pages of a PDF as worn pictures."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.render(scale=dpi / 72, grayscale=True).to_numpy() for page in document]
    return [worn(p.reshape(p.shape[:2]), LEVELS[level], f"{level}.{dpi}.{i}") for i, p in enumerate(pages)]


def scanned(pdf: bytes, dpi: int, level: str) -> bytes:
    """Return a PDF that holds nothing but worn pictures of another's pages."""
    images = [Image.fromarray(p) for p in pictures(pdf, dpi, level)]
    out = io.BytesIO()
    images[0].save(out, "PDF", save_all=True, append_images=images[1:], resolution=dpi, quality=95)
    return out.getvalue()


_EVERY = 20  # pages after which memory is told
_LONGEST = 200  # characters of a cell; what is longer fills a page in a narrow column


def told(sample: str) -> str:
    """Return what is printed of a sample: told again from gold, or its own text where it has no eleven tables."""
    known = load_facts(data_folder("eval") / "gold" / f"{sample}.jsonl")
    text = Document.from_path((data_folder("eval") / "samples") / f"{sample}.txt").text
    try:
        return retell(known, text, "tsv")
    except ValueError:
        lines = (re.sub(r"</?p>|\*\*", "", line) for line in text.splitlines() if not re.fullmatch(r"[-\s]*", line))
        cells = [line.split("\t") for line in lines]
        return "\n".join("\t".join("（略）" if len(c) > _LONGEST and row[1:] else c for c in row) for row in cells)


def measure(sample: str, form: str, threads: int, points: float) -> list[str]:
    """Print, read and score one sample; returns the cells of a line of the table."""
    known = load_facts(data_folder("eval") / "gold" / f"{sample}.jsonl")
    pdf = as_pdf(told(sample), points=points, ruled=form != "bare")
    if form not in {"text", "bare"}:
        pdf = scanned(pdf, *_parts(form))
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "paper.pdf")
        file.write_bytes(pdf)
        wall, cpu = time.monotonic(), time.process_time()
        document = Document.from_path(file, pace=Pace(threads))
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    pages = 1 + document.text.count("\f")
    result = Extractor(engine="deterministic").extract(document)
    got = facts(result)
    scored = score(known, got)
    listed = sum(f.kind == "not-read" for f in result.findings) + len(result.unread)
    states = result.states()
    proven = scored.states["proven"]
    return [
        sample, form, str(pages), f"{scored.number.f1:.4f}", f"{scored.text.f1:.4f}", str(scored.silent_errors),
        str(proven.predicted), str(proven.predicted - proven.right), str(states["grounded"]),
        str(sum(states.values()) - states["proven"] - states["grounded"]),
        str(listed), f"{cpu / pages:.1f}", f"{wall / pages:.1f}",
    ]  # fmt: skip


def long(pages: int, form: str, threads: int) -> None:
    """Read a file of many pages and print time and memory."""
    text = "支出总体情况表\n单位：万元\n科目编码\t科目名称\t合计\t基本支出\t项目支出\n" + "".join(
        f"2{n:02}\t支出{n}\t{n}5.00\t{n}3.00\t2.00\n" for n in range(1, 31)
    )
    one = as_pdf(text)
    document = pypdfium2.PdfDocument(one if form == "text" else scanned(one, *_parts(form)))
    whole = pypdfium2.PdfDocument.new()
    for _ in range(pages // len(document) + 1):
        whole.import_pages(document)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "long.pdf")
        whole.save(str(file))
        begin, before = time.monotonic(), _memory()
        read = Document.from_path(file, pace=Pace(threads, _told))
    count = 1 + read.text.count("\f")
    each = (time.monotonic() - begin) / count
    print(f"{count} pages ({form}): {each:.2f} s a page, {before} MB before, {_memory()} MB at most")


def _told(_name: str, page: int, _count: int) -> None:
    if page % _EVERY == 0:
        now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() >> 20
        print(f"page {page}: {now} MB, {_memory()} MB at most", flush=True)


def _parts(form: str) -> tuple[int, str]:
    dpi, level = ("300", "PHOTO") if form == "photo" else form.split(".")
    return int(dpi), level


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--as",
        dest="forms",
        action="append",
        default=[],
        help="text; bare: tables without rules; photo: L3 seen from aside; or DPI.LEVEL such as 200.L2",
    )
    parser.add_argument("--sample", action="append", default=[], help="default: all three")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--points", type=float, default=7.5, help="size of the characters in tables")
    parser.add_argument("--pages", type=int, default=0, help="read one file of so many pages in place of the samples")
    args = parser.parse_args()
    forms = args.forms or ["text"]
    if args.pages:
        for form in forms:
            long(args.pages, form, args.threads)
        return
    samples = args.sample or sorted(p.stem for p in (data_folder("eval") / "samples").glob("*.txt"))
    head = ["sample", "as", "pages", "numbers F1", "texts F1", "silent", "proven", "wrong", "grounded", "other"]
    head += ["not read", "CPU s/page", "s/page"]
    print("| " + " | ".join(head) + " |", "|" + "---|" * len(head), sep="\n", flush=True)
    for form in forms:
        for sample in samples:
            print("| " + " | ".join(measure(sample, form, args.threads, args.points)) + " |", flush=True)


if __name__ == "__main__":
    main()
