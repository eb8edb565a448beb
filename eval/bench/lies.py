"""What a lying model can do to a result: seeded lies about covered cells of the sample budgets, and what is seen.

    python eval/bench/lies.py [lies per kind and document]

Each run: a model transcribes a whole document truthfully but for one lie, told again at every question. The model is
asked in this process (`ScriptedModel`), all else is as in `extractor run --engine llm`.
"""

import copy
import random
import sys
from collections import Counter
from decimal import Decimal

from extractor import Document, Extractor, Result
from extractor.config import ModelConfig
from extractor.data import data_folder
from extractor.evaluation.score import BUDGET_TABLES, WARNED_STATES, load_facts, score
from extractor.evaluation.scripted import LIES, Lie, Place, Rows, ScriptedModel, Target, rows_of
from extractor.facts import facts
from extractor.specs import catalogue

DOCUMENTS = ("urumqi_fao_2024_budget", "kizilsu_fao_2024_budget")
MODEL = ModelConfig(model="scripted")


class Bench:
    """One document with its gold, the truthful model's rows, and what is found without any lie."""

    def __init__(self, name: str) -> None:
        self.document = Document.from_path(data_folder("eval") / "samples" / f"{name}.txt")
        self.gold = list(load_facts(data_folder("eval") / "gold" / f"{name}.jsonl"))
        self.tables = {spec.id: rows_of(self.gold, spec) for spec in catalogue().tables if spec.number}
        self.baseline = self.read(self.tables)
        self.said = {f.model_dump_json() for f in self.baseline.findings}
        self.covered: list[Place] = [
            (t.id, row.key, cell.column)
            for t in self.baseline.tables
            if t.id in self.tables
            for row, cell in t.numbers()
            if cell.state == "proven" and row.key in self.tables[t.id]
        ]

    def read(self, tables: dict[str, Rows]) -> Result:
        """Extract the document with a model that gives these rows."""
        model = ScriptedModel({name: list(rows.values()) for name, rows in tables.items()})
        return Extractor(engine="llm", model=MODEL, connect=lambda *_: model).extract(self.document)

    def lie(self, lie: Lie, dice: random.Random) -> str:
        """Tell one lie; returns what came of it."""
        told = False
        while not told:
            place = dice.choice(self.covered)
            tables = copy.deepcopy(self.tables)
            told = lie(Target(tables, catalogue(), place, dice))
        result = self.read(tables)
        if score(self.accepted(result), facts(result), tables=BUDGET_TABLES).silent_errors:
            return "silent"
        found = any(f.model_dump_json() not in self.said for f in result.findings)
        table = result.table(place[0])
        cells = [c for row, c in table.numbers() if row.key == place[1]] if table else []
        if found or any(c.state in WARNED_STATES for c in cells):
            return "detected"
        values = {(row.key, c.column): c.value for row, c in table.numbers()} if table else {}
        true = Decimal(self.tables[place[0]][place[1]][self._at(place)].replace(",", ""))
        return "put right" if values.get((place[1], place[2])) == true else "lost"

    def _at(self, place: Place) -> int:
        return Target(self.tables, catalogue(), place, random.Random(0)).at

    def accepted(self, result: Result) -> list[dict[str, object]]:
        """Gold, with the columns that an ambiguous prediction leaves open where the true one is among them."""
        open_to = {
            (f["table"], f["row"], f["value"]): f["column_options"] for f in facts(result) if "column_options" in f
        }
        out = []
        for fact in self.gold:
            options = open_to.get((fact["table"], fact["row"], fact["value"]), [])
            out.append({**fact, "column_options": options} if fact["column"] in options else fact)
        return out


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    benches = [Bench(name) for name in DOCUMENTS]
    print(f"{'kind':20} {'lies':>5} {'detected':>9} {'put right':>10} {'lost':>5} {'silent':>7}")
    for kind, lie in LIES.items():
        seen: Counter[str] = Counter()
        for number, bench in enumerate(benches):
            for seed in range(count):
                seen[bench.lie(lie, random.Random(f"{kind}-{number}-{seed}"))] += 1
        row = (seen["detected"], seen["put right"], seen["lost"], seen["silent"])
        print(f"{kind:20} {seen.total():5} {row[0]:9} {row[1]:10} {row[2]:5} {row[3]:7}", flush=True)


if __name__ == "__main__":
    main()
