"""Labels: which printed words name which row, and where rows begin."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, product

from rapidfuzz import fuzz, process

from extractor.lexicon import nearly
from extractor.normalize import squeeze
from extractor.remember import remembered
from extractor.specs import Catalogue, RowSpec, TableSpec, split_label, walk

from .tokens import Token, split_header

TOTALS = frozenset({"总计", "合计", "总合计", "共计"})
# Words of headers that name no number column.
_WORDS = (
    "功能分类科目编码", "功能分类科目名称", "经济分类科目编码", "经济分类科目名称", "支出功能分类",
    "功能分类", "经济分类", "科目编码", "科目名称", "科目", "编码", "名称", "项目名称", "项目", "类款项",
    "类款", "类", "款", "项", "单位名称", "支出预算", "收入预算", "资金来源", "财政拨款收入", "财政拨款支出",
    "财政拨款(补助)", "收入", "支出", "一般公共预算支出", "一般公共预算基本支出", "政府性基金预算支出",
    "国有资本经营预算支出", "三公经费支出内容", "“三公”经费支出内容", "基本支出", "项目支出", "财政拨款",
    "非财政拨款", "预算数", "部门预算", "合计", "小计", "余类款项", "总计", "功能科目代码", "功能科目名称", "科目代码",
    "功能科目编码", "经济科目编码", "经济科目名称", "支出用途", "本年支出", "本年收入", "序号", "备注", "栏次", "行次",
    "金额", "预算数比上年执行数", "预算数比执行数", "预算数比预算数", "比上年增减", "比上年执行数增减",
    "比上年预算增减",
    "增减情况", "部门预算支出经济分类科目编码", "部门预算支出经济分类科目名称", "部门预算支出经济科目编码",
    "部门预算支出经济科目名称", "支出功能分类科目编码", "支出功能分类科目名称", "支出经济分类科目编码",
    "支出经济分类科目名称", "政府预算支出经济分类科目编码", "政府预算支出经济分类科目名称", "支出功能分类科目",
    "支出经济分类科目", "功能分类科目", "经济分类科目", "部门预算支出经济分类科目", "单位名称(科目)", "单位(科目名称)",
    "当年财政拨款预算安排", "财政拨款预算安排", "单位代码", "单位编码", "部门(单位)代码", "部门(单位)名称", "单位",
    "代码", "本年政府性基金预算支出", "本年国有资本经营预算支出", "本年一般公共预算支出", "本年一般公共预算基本支出",
    "本年财政拨款支出", "本年财政拨款基本支出", "财政拨款基本支出", "一般公共预算财政拨款支出",
    "一般公共预算财政拨款基本支出", "政府性基金预算财政拨款支出", "国有资本经营预算财政拨款支出",
    "本年一般公共预算财政拨款支出", "本年一般公共预算财政拨款基本支出", "本年政府性基金预算财政拨款支出",
    "本年国有资本经营预算财政拨款支出", "项目(按功能分类)", "项目(按支出功能分类)", "项目(按支出功能分类科目)",
    "支出功能分类科目", "政府预算支出经济分类科目", "政府预算经济分类", "部门预算经济分类", "单位预算",
    "采购品目大类", "采购品目", "采购品目名称", "品目名称", "专项名称", "经济科目", "采购物品名称",
    "采购组织形式", "采购方式", "本年拨款", "采购项目", "采购项目名称", "采购内容",
    "采购类别", "采购目录", "采购类型", "采购需求", "项目类别", "项目类型",
)  # fmt: skip
# What stands above codes and names: 部门预算支出功能分类科目编码, 功能科目, and whatever lies between.
_CLASSIFIED = tuple(
    "".join(parts)
    for parts in product(
        ("", "部门预算", "政府预算", "部门", "政府"),
        ("", "支出"),
        ("功能", "经济"),
        ("分类", "分类科目", "科目"),
        ("", "编码", "代码", "名称"),
    )
)
HEADER_WORDS = (*_WORDS, *(word for word in _CLASSIFIED if word not in _WORDS))
_YEAR = re.compile(r"(?:19|20)\d\d年度?")


@remembered
def undated(text: str) -> str:
    """Return the words of a header without white space and without the years in front of them.

    >>> undated("2023 年预算数")
    '预算数'
    """
    return _YEAR.sub("", squeeze(text))


STAGE = re.compile(r"(?:(?:19|20)\d\d年度?|上年度?|本年度?)(?:年初|部门)?(?:预算|决算|执行)数?$|(?:19|20)\d\d年度?$")
"""A year and what its amounts are, as the label of a row."""
_STAGES = frozenset({"预算数", "决算数", "预算金额"})
_CODE = re.compile(r"[2345]\d\d(?:\d\d){0,2}")
_FIRST = "一、"  # how the first label of a side begins
_ITEMS = 3  # labels on one line, as no row has
_DIGITS = 4  # digits of a year
_SHORTEST = 4  # characters of a label of which one may be misread, where its number is right
_LONGEST = 60  # characters with numbering and blanks; no known label is longer
_CLOSE = 86  # rapidfuzz ratio above which a longer label with one misread character still counts


_REST_OF_YEAR = re.compile(r"^\d{0,3}年度?")


def _of_year(tokens: Sequence[Token], following: Sequence[Token]) -> bool:
    """Whether digits alone on their line are the first of a year that goes on below: ``202`` / ``4年预算数``."""
    if len(tokens) > 1 or not tokens[0].whole or not following or len(tokens[0].text) > _DIGITS:
        return False
    below = following[0].text
    return bool(_REST_OF_YEAR.match(squeeze(below))) or (len(following) == 1 and below.isdigit() and len(below) == 1)


def _is_amount(token: Token) -> bool:
    """Whether a number is an amount by itself: it has a point, signs between thousands, or more digits than a year."""
    return token.priced or (token.kind == "number" and ("," in token.text or len(token.text) > _DIGITS))


def _of_office_or_year(tokens: Sequence[Token]) -> bool:
    """Whether a row begins with the code of an office and its name, or with a year."""
    first = tokens[0]
    label = squeeze(first.text)
    office = first.whole and len(tokens) > 1 and tokens[1].kind == "text"
    alone = label in _STAGES and sum(t.kind == "text" for t in tokens) == 1
    return office or alone or bool(STAGE.match(label))


@dataclass(frozen=True, slots=True)
class Match:
    """A label recognised.

    Attributes:
        path: Row specs from the top down (left side, or the right side's total).
        side: Side of the table.
        code: Code of a right-hand row printed by name only.
    """

    path: tuple[RowSpec, ...]
    side: str
    code: str | None = None

    @property
    def role(self) -> str:
        """Role for the identities."""
        return self.code or "/".join(row.label for row in self.path)


@dataclass(frozen=True)
class Labels:
    """The words of the catalogue, looked up by printed label; made once for each catalogue, by :func:`labels_of`."""

    catalogue: Catalogue

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The standard name of each code, without white space."""
        return {code: squeeze(forms[0]) for code, forms in self.catalogue.names.items()}

    @cached_property
    def bearers(self) -> Mapping[tuple[int, str], frozenset[str]]:
        """The codes of so many digits that have a name, by both."""
        found: dict[tuple[int, str], set[str]] = {}
        for code, names in self.catalogue.names.items():
            for name in names:
                found.setdefault((len(code), squeeze(name)), set()).add(code)
        return {key: frozenset(codes) for key, codes in found.items()}

    @cached_property
    def classes(self) -> frozenset[str]:
        """Every three-digit class code."""
        return frozenset(code for code in self.catalogue.names if len(code) == 3)

    @cached_property
    def by_name(self) -> dict[str, str]:
        """Class code by name, functional classes only."""
        return {
            squeeze(name): code
            for code, names in self.catalogue.names.items()
            if len(code) == 3 and code.startswith("2")
            for name in names
        }

    @cached_property
    def _left(self) -> dict[str, dict[str, list[tuple[RowSpec, ...]]]]:
        out: dict[str, dict[str, list[tuple[RowSpec, ...]]]] = {}
        for spec in self.catalogue.tables:
            index: dict[str, list[tuple[RowSpec, ...]]] = {}
            right = [p for p in walk(spec.right.trees) if len(p) > 1] if spec.right else []
            for path in (*walk(spec.left), *right):
                for name in (path[-1].label, *path[-1].aliases):
                    index.setdefault(split_label(name)[1], []).append(path)
            out[spec.name] = index
        return out

    def is_code(self, text: str, spec: TableSpec) -> bool:
        """Whether digits are a code of the classification that this table uses."""
        if not _CODE.fullmatch(text) or text[:3] not in self.classes:
            return False
        if spec.classification:
            return (text[0] == "2") == (spec.classification == "functional")
        return True

    def standard(self, bare: str, spec: TableSpec) -> str:
        """Return the form of a label that the spec knows: the label itself, or the one it is misread from."""
        index = self._left[spec.name]
        if bare in index or len(bare) < 5:
            return bare
        close = process.extractOne(bare, [k for k in index if len(k) >= 5], scorer=fuzz.ratio, score_cutoff=_CLOSE)
        return close[0] if close else bare

    def right_total(self, bare: str, spec: TableSpec) -> bool:
        """Whether a bare label is the right side's own total (not a word both sides use)."""
        if not spec.right:
            return False
        total = spec.right.total
        return bare == total.label or (bare in total.aliases and bare not in TOTALS)

    def paths(self, label: str, spec: TableSpec) -> list[tuple[RowSpec, ...]]:
        """Return the labelled rows that a printed label may name; those with its numbering if there are any."""
        number, bare = split_label(label)
        index = self._left[spec.name]
        if spec.right and bare in self.by_name and bare not in index:
            return []  # the name of a class is no other label misread
        paths = index.get(self.standard(bare, spec), []) or _misread(number, bare, index)
        if len(paths) > 1:
            same = [p for p in paths if number and p[-1].number == number]
            plain = [p for p in paths if p[-1].number is None]
            paths = same or (plain if number is None and plain else paths)
        return paths

    def is_class(self, name: str, spec: TableSpec) -> bool:
        """Whether words are the name of a class of the table's classification, as above its items."""
        first = {"functional": "2", "economic": "35"}.get(spec.classification or "", "")
        return any(code[0] in first for code in self.bearers.get((3, name), ()))

    def known(self, label: str, spec: TableSpec) -> bool:
        """Whether a printed label is a row of this table: left, right total or a class by name."""
        bare = split_label(label)[1]
        if bare in TOTALS or self.right_total(bare, spec):
            return True
        if bare in self._left[spec.name]:
            return True
        return bool(spec.right) and bare in self.by_name

    def starts_row(self, tokens: Sequence[Token], following: Sequence[Token], spec: TableSpec) -> bool:
        """Whether a line is a data row and not part of the header."""
        first = tokens[0]
        if _of_year(tokens, following):
            return False
        amounts = [t for t in tokens if t.kind == "number" and not self.is_code(t.text, spec)]
        next_amount = bool(following) and (following[0].kind == "junk" or self._amount(following[0], spec))
        for position, token in enumerate(tokens):
            if token.whole and self.is_code(token.text, spec) and (position == 0 or spec.right):
                words = any(t.kind == "text" for t in tokens[position + 1 :])
                if words or len(tokens) == 1 or any(t.kind == "number" for t in tokens[position + 1 : position + 2]):
                    return True
        dashed = bool(following) and following[0].kind == "dash"
        label = squeeze("".join(t.text for t in tokens if t.kind == "text"))
        bare = split_label(label)[1]
        # The number of its line may stand between a numbered label and its amounts.
        counted = spec.shape == "labels" and (
            split_label(label)[0] is not None or bool(following and following[0].whole and following[0].text == "1")
        )
        if (amounts or next_amount or dashed or counted) and (bare in TOTALS or self.known(label, spec)):
            return True
        if spec.shape == "two_sided" and first.kind == "text":
            return self._two_sided_start(tokens, spec, following, before_amount=next_amount)
        if spec.shape in ("coded", "wide") and all(t.kind in ("number", "dash") for t in tokens):
            below = bool(following) and following[0].priced  # one cell a line
            return any(t.priced for t in tokens) and (len(tokens) > 1 or below or spec.shape == "wide")
        if spec.shape == "wide" and _of_office_or_year(tokens):
            return any(t.priced for t in tokens) or (next_amount and first.kind == "text")
        if spec.shape in ("items", "projects", "labels", "wide") and first.kind == "text":
            named = next_amount or any(self._amount(t, spec) or t.kind == "junk" for t in tokens)
            return named and not self._of_column(tokens, spec)
        return sum(t.priced for t in tokens) > 1  # no header prints amounts

    def _of_column(self, tokens: Sequence[Token], spec: TableSpec) -> bool:
        """Whether a line is the name of a column, the last of a header above a row without a name."""
        if spec.shape == "wide":  # else it is an office
            return self.of_header(tokens[0].text, self.header_words(spec))
        if spec.shape == "labels" and len(tokens) >= _ITEMS:  # items side by side are a header, and no row
            return all(t.kind == "text" and self.known(squeeze(t.text), spec) for t in tokens[1:])
        names = self.header_words(spec).split("\n") if spec.shape == "items" else ()
        named = sum(squeeze(t.text) in names for t in tokens)
        return named * 2 > len(tokens) and all(t.kind == "text" for t in tokens)

    def _amount(self, token: Token, spec: TableSpec) -> bool:
        return _is_amount(token) and not self.is_code(token.text, spec)

    @staticmethod
    @lru_cache(maxsize=256)
    def header_words(spec: TableSpec) -> str:
        """Every word that headers of this table are made of, one after the other."""
        columns = (*spec.columns, *spec.more, *((spec.left_column,) if spec.left_column else ()))
        items = [r for path in walk(spec.left) for r in path[-1:]] if spec.shape == "wide" else []
        names = [*(n for c in columns for n in (c.id, *c.names)), *(n for r in items for n in (r.label, *r.aliases))]
        return "\n".join(squeeze(n) for n in (*names, *HEADER_WORDS))

    @staticmethod
    def of_header(text: str, words: str) -> bool:
        """Whether a line holds nothing but header words or pieces of them."""
        pieces = [_REST_OF_YEAR.sub("", undated(piece)) for piece in split_header(text)]
        return squeeze("".join(pieces)) in words or all(p in words or p.isdigit() or p == "※" for p in pieces)

    def _two_sided_start(
        self, tokens: Sequence[Token], spec: TableSpec, following: Sequence[Token], *, before_amount: bool
    ) -> bool:
        words = [t.text for t in tokens if t.kind == "text"]
        numbered = [w for w in words if split_label(w)[0]]
        if any(self.known(w, spec) for w in numbered):
            return True
        if not any(t.priced for t in tokens):
            if len(words) != 1 or not numbered:
                return False
            # One cell a line, or a label on two; one that goes on below stands in front of no amount.
            rest = "".join(t.text for t in following if t.kind == "text")
            return before_amount or words[0].startswith(_FIRST) or self.known(squeeze(words[0] + rest), spec)
        return bool(numbered) or any(self.known(w, spec) for w in words)

    def split(self, words: Sequence[str], spec: TableSpec) -> list[list[int]]:
        """Group words that stand side by side into labels: ``收 入 总 计`` is one, two known labels are two.

        Returns the indexes of the words of each label. Known labels win, longest first; numbering begins a
        label; what is left joins its neighbour.
        """
        groups: list[list[int]] = []
        index = 0
        while index < len(words):
            sizes = enumerate(accumulate(len(w) for w in words[index : index + _LONGEST]), index + 1)
            last = max((e for e, size in sizes if size <= _LONGEST), default=index)
            end = next((e for e in range(last, index, -1) if self.known("".join(words[index:e]), spec)), None)
            if end is not None:
                groups.append(list(range(index, end)))
                index = end
                continue
            number = split_label(words[index])[0]
            fresh = number is not None or not groups or self._closed(groups[-1], words, spec)
            if fresh:
                groups.append([index])
            else:
                groups[-1].append(index)
            index += 1
        return groups

    def _closed(self, group: Sequence[int], words: Sequence[str], spec: TableSpec) -> bool:
        return len(group) <= _LONGEST and self.known("".join(words[i] for i in group), spec)


def _misread(
    number: str | None, bare: str, index: Mapping[str, list[tuple[RowSpec, ...]]]
) -> list[tuple[RowSpec, ...]]:
    """Return the rows of which a label has the number, and all characters of the name but one; no others do."""
    if number is None or len(bare) < _SHORTEST:
        return []
    near = [[p for p in paths if p[-1].number == number] for name, paths in index.items() if nearly(bare, name, 1)]
    found = [paths for paths in near if paths]
    return found[0] if len(found) == 1 else []


@lru_cache(maxsize=8)
def labels_of(catalogue: Catalogue) -> Labels:
    """Return the words of a catalogue; they are the same for every document."""
    return Labels(catalogue)
