"""Tokens of an answer by the form of its rows, table by table, over the eleven tables of both sample budgets.

    .venv/bin/python eval/bench/rowforms.py [--venv FOLDER] [--json]

- array: ``["12","205","教育支出","70.50","",""]``, cells in column order, empty ones explicit: what we ask for
- keyed: ``{"line":"12","code":"205",...}``, every column by its name, empty ones explicit
- sparse: keyed, empty cells left out
- joined: ``"12|205|教育支出|70.50||"``, one string for a row

All as JSON without blanks, counted by o200k_base.
"""

import argparse
from pathlib import Path
from typing import Any

from gold import BUDGETS, LEAD, Rows, catalogue, compact, report, rows
from meter import DEFAULT_VENV, count, environment

FORMS = ("array", "keyed", "sparse", "joined")


def write(table: str, found: Rows) -> list[str]:
    """Return the answer for a table in each form."""
    spec = catalogue().table(table)
    names = [*LEAD[spec.shape], *spec.column_ids]
    keyed = [dict(zip(names, row, strict=True)) for row in found]
    sparse = [{name: cell for name, cell in row.items() if cell} for row in keyed]
    return [compact({"rows": made}) for made in (found, keyed, sparse, ["|".join(row) for row in found])]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, default=DEFAULT_VENV, help="environment with rs-bpe")
    parser.add_argument("--json", action="store_true", help="one JSON object per row")
    arguments = parser.parse_args()
    python = environment(arguments.venv)
    tables = [(name, table, found) for name in BUDGETS for table, found in rows(name).items()]
    sizes = iter(count([text for _, table, found in tables for text in write(table, found)], python))
    body: list[list[Any]] = []
    for name, table, found in tables:
        counts = [next(sizes) for _ in FORMS]
        body.append([f"{name.split('_')[0]} {table}", len(found), *counts])
    sums = [sum(row[i] for row in body) for i in range(1, len(FORMS) + 2)]
    body = [[*row, f"{row[2] / row[3]:.2f}"] for row in [*body, ["all", *sums]]]
    report("Tokens of the answers", ["table", "rows", *FORMS, "array / keyed"], body, as_json=arguments.json)


if __name__ == "__main__":
    main()
