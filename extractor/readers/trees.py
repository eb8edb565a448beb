"""What the right side of a table is told by: classes, other ways to part the same total, or several of them."""

from collections.abc import Mapping, Sequence

from extractor.specs import RowSpec, TableSpec, split_label

from .labels import Labels
from .rows import RawRow

_TOLD = 2  # labels by which a side is told to be no list of classes


def trees(rows: Sequence[RawRow], spec: TableSpec, labels: Labels) -> tuple[RowSpec, ...]:
    """Return what the right side may be told by: not by classes where none is printed, but other parts of the total."""
    if not spec.right:
        return ()
    classes = any(row.code or row.bare in labels.by_name for row in rows)
    other = sum(any(p[0] in spec.right.also for p in labels.paths(row.text, spec)) for row in rows)
    return spec.right.trees if classes or other < _TOLD else spec.right.also


def other_ways(rows: Sequence[RawRow], trees: tuple[RowSpec, ...], labels: Labels, spec: TableSpec) -> bool:
    """Whether the right side is told by something else beside its classes, not by parts of them alone."""
    found = [labels.paths(row.text, spec) for row in rows if not row.code]
    own = [p for p in found if p and all(path[0] in trees[1:] and len(path) > _TOLD for path in p)]
    return len(own) >= _TOLD


def singled_out(path: tuple[RowSpec, ...], trees: tuple[RowSpec, ...]) -> bool:
    """Whether a path is a part of classes, 基本支出 among them, and no way of its own to tell the total."""
    return path[-1].of_which and path[0] in trees[:1]


def tops(trees: Sequence[RowSpec], spec: TableSpec) -> list[tuple[RowSpec, ...]]:
    """Return the path of each tree's total: its root, or what stands below a root that is never printed."""
    main = spec.right.total if spec.right else None
    return [(tree,) if tree is main else (tree, tree.children[0]) for tree in trees]


def beside_right(
    rows: Sequence[RawRow], trees: tuple[RowSpec, ...], labels: Labels, spec: TableSpec
) -> dict[int, RowSpec]:
    """Return which tree each block of a grid behind the left one is told by: the one that knows most of its labels.

    Each by one of its own, unless one that has been taken knows more of them: parts of the same total in two blocks.
    """
    found: dict[int, RowSpec] = {}
    blocks = max((row.block or 0 for row in rows), default=0)
    left = list(trees)
    for block in range(1, blocks + 1):
        here = [row for row in rows if row.block == block]
        own = left[:1] if any(row.code for row in here) else left
        able = [*own, *(tree for tree in trees if own is left and tree not in left)]
        counts = [_known(tree, [row.text for row in here if not row.code], labels, spec) for tree in able]
        if able:
            found[block] = able[counts.index(max(counts))]
            left = [tree for tree in left if tree is not found[block]]
    return found


def _known(tree: RowSpec, texts: Sequence[str], labels: Labels, spec: TableSpec) -> int:
    """How many labels a tree knows; that of the classes knows their names too."""
    main = spec.right is not None and tree is spec.right.total
    classes = sum(split_label(t)[1] in labels.by_name for t in texts) if main else 0
    return sum(any(p[0] is tree for p in labels.paths(t, spec)) for t in texts) + classes


def on_side(path: tuple[RowSpec, ...], row: RawRow, spec: TableSpec, beside: Mapping[int, RowSpec]) -> bool:
    """Whether a path is one of the side that a row stands on; in free text every path is."""
    if row.block is None or not beside:
        return True
    return path[0] in spec.left if row.block == 0 else path[0] is beside.get(row.block)
