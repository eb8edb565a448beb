"""Characters of names and what stands beside them."""

from collections.abc import Iterator

NUMERALS = frozenset("〇零一二三四五六七八九十百千万上下左右前后东南西北中")
"""Characters of numbers and places: one for another is another name."""
_UNIT = "万"


def one_more(longer: str, shorter: str) -> bool:
    """Whether one text is another with a character more within; one at an end makes another word."""
    same = next((i for i, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    odd = longer[same : same + 1]
    able = odd == _UNIT or (odd.isalnum() and odd not in NUMERALS)  # 万 of an amount beside it
    return 0 < same < len(shorter) and longer[same + 1 :] == shorter[same:] and able


def beside_of(name: str, index: int) -> list[tuple[str, str]]:
    """Return the neighbours of a character of a name: each on its own side, with nothing on the other."""
    left, right = name[index - 1 : index] if index else "", name[index + 1 : index + 2]
    return [(left, ""), ("", right)] if left and right else [(left, right)]


def sides_of(name: str, index: int) -> list[tuple[str, str]]:
    """Return the Chinese neighbours of a character of a name, each on its own side."""
    left, right = name[index - 1 : index] if index else "", name[index + 1 : index + 2]
    return [(a, b) for a, b in ((left, ""), ("", right)) if is_chinese(a + b)]


def inner(before: str, after: str, text: str) -> Iterator[str]:
    """Yield each character that stands between two pieces of a name; the longer piece is looked for."""
    piece, lead = (before, 0) if len(before) >= len(after) else (after, len(before) + 1)
    at = text.find(piece, lead)
    while at >= 0:
        char = at - lead + len(before)
        if text.startswith(before, at - lead) and char < len(text) and text.startswith(after, char + 1):
            yield text[char]
            at = text.find(piece, char + 1 + len(after) + lead)
        else:
            at = text.find(piece, at + 1)


def is_chinese(char: str) -> bool:
    """Whether a character is one of the common Chinese ones."""
    return "\u4e00" <= char <= "\u9fff"


def is_uncommon(char: str) -> bool:
    """Whether a Chinese character is none of the 3,755 most used (level 1 of GB 2312)."""
    if not is_chinese(char):
        return False
    try:
        return char.encode("gb2312")[0] >= 0xD8
    except UnicodeEncodeError:
        return True
