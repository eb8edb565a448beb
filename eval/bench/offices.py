"""Invented documents in the styles of other offices: how many numbers are in their place, and is any silently wrong?"""

import argparse
from collections import Counter
from pathlib import Path

from extractor import Document, Extractor
from extractor.evaluation.offices import generate
from extractor.evaluation.places import judge
from extractor.evaluation.render import FORMS, Noise, render
from extractor.facts import facts

STYLES = Path(__file__).resolve().parents[1] / "offices"
NOISES = {
    "clean": Noise(),
    "pages": Noise(page_breaks=9, repeat_headers=True, thousands=True, wrap_names=True),
    "fragments": Noise(fragment_headers=True, wrap_names=True, thousands=True, full_width=True),
    "both": Noise(
        page_breaks=9, repeat_headers=True, fragment_headers=True, wrap_names=True, thousands=True, full_width=True
    ),
}


def main() -> None:
    """Print a line for each noise and form, over all styles and seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--noise", nargs="+", choices=NOISES, default=["clean", "pages"])
    options = parser.parse_args()
    extractor = Extractor(engine="deterministic")
    for noise in options.noise:
        for form in FORMS:
            count: Counter[str] = Counter()
            for style in sorted(STYLES.glob("*.txt")):
                for seed in range(options.seeds):
                    budget = generate(style, seed)
                    text, known = render(budget, form, NOISES[noise], seed, ((budget.name, ""), ("",)))
                    result = extractor.extract(Document.from_text(text, name=style.stem))
                    found = judge(known, facts(result))
                    count.update(
                        numbers=sum(f["kind"] == "number" for f in known), right=found.right, open=found.open,
                        wrong=len(found.wrong), silent=len(found.silent), unread=sum(u.numbers for u in result.unread),
                    )  # fmt: skip
            share = (count["right"] + count["open"]) / count["numbers"]
            print(f"{noise:10} {form:7} {share:.4f} {dict(count)}")


if __name__ == "__main__":
    main()
