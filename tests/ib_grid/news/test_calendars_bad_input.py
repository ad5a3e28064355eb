"""Unreadable calendars, and a folder with one invalid file.

What can be wrong in a file is in the corpus, see test_bad_input.
"""

from pathlib import Path

import pytest

from ib_grid.errors import DataError
from ib_grid.news.calendar_files import read_calendar

HEADER = "time,currency,impact,title\n"
GOOD_ROW = "2031-01-02 13:30Z,USD,High,x\n"


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder") as raised:
        read_calendar(tmp_path / "nowhere.json")
    assert raised.value.location == str(tmp_path / "nowhere.json")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the folder contains no files"):
        read_calendar(tmp_path)


def test_one_bad_file_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + GOOD_ROW)
    (tmp_path / "notes.md").write_text("# Notes\n")
    with pytest.raises(DataError, match="missing column time") as raised:
        read_calendar(tmp_path)
    assert raised.value.location == str(tmp_path / "notes.md")


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + GOOD_ROW)

    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ib_grid.news.calendar_files.read_regular", refuse)
    with pytest.raises(DataError, match=r"cannot be read \(Permission denied\)"):
        read_calendar(path)


@pytest.mark.parametrize("number", "0123")
def test_a_numbered_priority_is_refused(number: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER.replace("impact", "Priority") + GOOD_ROW.replace("High", number))
    with pytest.raises(DataError, match="whether 1 is the highest or the lowest") as raised:
        read_calendar(path)
    assert "rename priority to impact" in raised.value.hint


@pytest.mark.parametrize("word", ["High", "red", "***"])
def test_a_priority_in_words_or_colours_is_read(word: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER.replace("impact", "priority") + GOOD_ROW.replace("High", word))
    (event,) = read_calendar(path).events
    assert event.impact == "High"
