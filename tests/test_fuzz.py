"""Hostile text: no crash, and no input of a few kilobytes that takes long."""

import random
import signal
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor import Document, Extractor, InputError
from extractor.decode import decode
from extractor.evaluation.hostile import UNITS, WORDS, shuffled
from extractor.export import to_csv
from extractor.facts import facts

from .conftest import SAMPLES

READER = Extractor()
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(SAMPLES.glob("*.txt"))]


def read(text: str) -> None:
    """Read a text, and check what every result must keep to."""
    document = Document.from_text(text)
    result = READER.extract(document)
    for table in result.tables:
        to_csv(table)
        for _, cell in table.numbers():
            assert cell.state == "ungrounded" or cell.spans
            assert all(0 <= s.start < s.end <= len(text) for s in cell.spans)
    facts(result)


@settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    """Bytes give a text or a clear error."""
    try:
        decode(data, "file")
    except InputError:
        return


@settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)), max_size=120).map("".join))
def test_any_text_is_read(text: str) -> None:
    """Text made of what tables and prose are made of, in any order."""
    read(text)


@pytest.mark.parametrize("seed", range(6))
def test_samples_with_their_lines_and_pieces_moved_are_read(seed: int) -> None:
    """Real lines in another order, cut, doubled and joined."""
    dice = random.Random(seed)
    read(shuffled(dice.choice(TEXTS), dice)[:6000])


class Slow(Exception):  # noqa: N818 - not an error of the program's
    """It took too long."""


@pytest.mark.parametrize("unit", UNITS)
def test_no_line_takes_long(unit: str) -> None:
    """A line that repeats one thing, in a table and in prose: twenty thousand characters take no five seconds."""

    def late(number: int, frame: object) -> None:
        raise Slow

    line = unit * (20_000 // len(unit))
    table = "表 3\n部门支出总体情况表\n科目编码 科目名称 合计 基本支出 项目支出\n201 一般公共服务支出 5.00 5.00\n"
    signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, 5)
    try:
        begin = time.process_time()
        read(f"{table}{line}x\n202 外交支出 1.00\n第二部分 情况说明\n一、收支总体情况\n{line}。\n")
        assert time.process_time() - begin < 5
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
