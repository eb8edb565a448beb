"""Varied copies of the samples: each class of damage of the noise ladder, at each of its rates, another seed each."""

from collections.abc import Iterator
from pathlib import Path

from extractor.data import data_folder
from extractor.evaluation.corrupt import DAMAGES, damage
from extractor.evaluation.ladder import RATES


def copies(count: int) -> Iterator[tuple[str, str]]:
    """Yield name and text of each copy; the first is clean, and the same number always gives the same text."""
    samples = sorted(Path(data_folder("eval") / "samples").glob("*.txt"))
    texts = [path.read_text(encoding="utf-8") for path in samples]
    names = tuple(DAMAGES)
    for number in range(count):
        text = texts[number % len(texts)]
        turn = number // len(texts)
        kind, rate = names[turn % len(names)], RATES[turn // len(names) % len(RATES)]
        yield f"copy{number:05d}", damage(text, kind, rate, number) if turn else text


def write(folder: Path, count: int) -> Path:
    """Write the copies into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in copies(count):
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder
