#!/usr/bin/env bash
# Builds the wheel, installs it into a fresh environment, and runs it away from the sources.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
.venv/bin/python -m build --wheel --no-isolation --outdir "$work/dist" . >"$work/build.log" || { cat "$work/build.log"; exit 1; }
python3 -m venv "$work/venv" 2>/dev/null || .venv/bin/python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$work"/dist/*.whl
mkdir "$work/away" && cd "$work/away"
cp "$root"/eval/samples/kizilsu_fao_2024_budget.txt .
code=0; "$work/venv/bin/extractor" run kizilsu_fao_2024_budget.txt --out out --quiet || code=$?
test "$code" -eq 1
"$work/venv/bin/extractor" report out
grep -q 'id="source"' out/kizilsu_fao_2024_budget/report.html && grep -q report.html out/index.html
"$work/venv/bin/python" - <<'PY'
import json, pathlib, extractor
from extractor.data import data_folder
from extractor.evaluation.score import BUDGET_TABLES, load_facts, score
home = pathlib.Path(extractor.__file__).parent
for name in ("schemas", "prompts", "eval"):
    assert data_folder(name).is_relative_to(home / "_data"), data_folder(name)
gold = load_facts(data_folder("eval") / "gold" / "kizilsu_fao_2024_budget.jsonl")
result = score(gold, load_facts(pathlib.Path("out/kizilsu_fao_2024_budget/facts.jsonl")), tables=BUDGET_TABLES)
assert result.number.f1 == 1 and result.silent_errors == 0, result
print("the wheel works away from its sources")
PY
