import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import DataError
from ib_grid.market.csv import sources


def written(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def found_files(paths):
    return [source.path for source in sources.find_files(paths)]


def names_of(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_folder_files_are_read_in_natural_order(tmp_path):
    in_order = [
        "2016/b.csv",
        "2017/a.csv",
        "Export.csv",
        "export (1).csv",
        "export (2).csv.gz",
        "export (10).csv",
        "exports.csv",
    ]
    written(tmp_path, *reversed(in_order), ".hidden.csv", ".folder/file.csv")
    found = names_of(found_files([tmp_path]), tmp_path)
    assert found == in_order


def test_later_paths_win_and_a_repeated_file_counts_once(tmp_path):
    written(tmp_path, "a.csv", "b.csv", "folder/c.csv")
    given_paths = [tmp_path / "b.csv", tmp_path / "a.csv", tmp_path / "folder"]
    assert names_of(found_files(given_paths), tmp_path) == ["b.csv", "a.csv", "folder/c.csv"]
    again = [*given_paths, tmp_path / "folder" / ".." / "b.csv"]
    assert [path.name for path in found_files(again)] == ["a.csv", "c.csv", "b.csv"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.csv", "no such file or folder"),
        ("empty", "the folder contains no files"),
        ("x" * 300, "no such file or folder"),
        ("pipe", "not a regular file"),
    ],
)
def test_paths_without_files_are_refused(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match=message) as caught:
        sources.find_files([tmp_path / name])
    assert name in caught.value.location


def test_no_path_at_all_is_refused():
    with pytest.raises(DataError, match="no file given"):
        sources.find_files([])


def content_of(path):
    return b"".join(block for _, block in sources.blocks(sources.Source(path)))


TEXT = "time,open\n" + "".join(f"{i},ä{i}\n" for i in range(1000)) + "last line"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "encode",
    [
        str.encode,
        lambda text: text.encode("utf-8-sig"),
        lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    ],
)
def test_encodings_and_gzip_are_told_by_the_first_bytes(tmp_path, monkeypatch, encode, pack):
    monkeypatch.setattr(sources, "BLOCK_BYTES", 100)
    (tmp_path / "file").write_bytes(pack(encode(TEXT)))
    assert content_of(tmp_path / "file").decode() == TEXT


@given(
    lines=st.lists(st.text(st.characters(codec="ascii", exclude_characters="\n\r\0"), max_size=20)),
    size=st.integers(1, 50),
)
def test_blocks_are_whole_lines_with_the_number_of_the_first(lines, size, tmp_path_factory):
    path = tmp_path_factory.mktemp("blocks") / "file"
    content = "\n".join(["#", *lines]).encode()
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "BLOCK_BYTES", size)
        found = list(sources.blocks(sources.Source(path)))
    assert b"".join(block for _, block in found) == content
    for number, block in found[:-1]:
        assert block.endswith(b"\n")
        assert content.split(b"\n")[number - 1] == block.split(b"\n")[0]


@pytest.mark.parametrize(
    ("content", "message", "where"),
    [
        (b"", "the file is empty", "file"),
        (gzip.compress(b"", mtime=0), "the file is empty", "file"),
        (b"PK\x03\x04....", "a ZIP archive", "file"),
        (gzip.compress(b"PAR1....", mtime=0), "a Parquet file", "file"),
        (b"\x89PNG\r\n\x1a\n\0\0", "contains NUL bytes", "file:3"),
        (b"a,b\n1,2\n1,\0\n", "contains NUL bytes", "file:3"),
        ("a,b\n1,2\n".encode("utf-16-le"), "contains NUL bytes", "file:1"),
        (b"a,b\n" + b"x" * 70_000, "longer than 65,536 bytes", "file:2"),
        (b"a,b\n" + b"x" * 70_000 + b"\n1,2\n", None, None),
        (gzip.compress(b"a,b\n" * 1000, mtime=0)[:-20], "cannot be read", "file"),
        (
            gzip.compress(b"a,b\n" * 1000, mtime=0)[:20] + b"zzzzzzzzzzzzzzz",
            "cannot be read",
            "file",
        ),
        (b"\xff\xfea\0,", "cannot be read", "file"),
        (b"\xff\xfe\x00\xd8a\0", "cannot be read", "file"),
    ],
)
def test_non_text_is_refused(tmp_path, content, message, where):
    path = tmp_path / "file"
    path.write_bytes(content)
    if message is None:  # bounded by the block; what reads the lines says what is wrong with them
        assert content_of(path) == content
        return
    with pytest.raises(DataError, match=message) as caught:
        content_of(path)
    assert caught.value.location.endswith(where)


def test_a_line_without_end_is_not_kept_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(sources, "LONGEST_LINE_BYTES", 5000)
    (tmp_path / "file").write_bytes(b"a\n" + b"x" * 6000 + b"\n")
    with pytest.raises(DataError, match="longer than 5,000 bytes") as caught:
        content_of(tmp_path / "file")
    assert caught.value.location.endswith("file:2")


def test_a_location_shows_the_beginning_of_its_line():
    assert sources.line_location(Path("a.csv"), 7) == "a.csv:7"
    assert sources.line_location(Path("a.csv"), 7, "1,2\r\n") == "a.csv:7: '1,2'"
    assert len(sources.line_location(Path("a.csv"), 7, "x" * 1000)) < 140
