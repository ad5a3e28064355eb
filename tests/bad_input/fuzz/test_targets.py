"""Fuzz targets run on their seeds, on random bytes and on mutated seeds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bad_input.fuzz import targets
from tests.bad_input.fuzz.targets import TARGETS
from tests.helpers.input_files.csv_files import START, made_up_bars, tradingview
from tests.helpers.runs import small_runs

SEEDS = {name: list(targets.seeds(name)) for name in TARGETS}


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_accepted_or_refused(name: str) -> None:
    assert len(SEEDS[name]) > 100
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("bars", tradingview(made_up_bars(range(START, START + 5))).encode()),
        ("calendars", b"time,currency,impact,title\n2031-01-02 13:30Z,USD,High,x\n"),
        ("conditions", b"total_r > 0"),
        ("mappings", b"t" + small_runs.GRID_TOML.encode()),
        ("mappings", b"\xff" + json.dumps(small_runs.GRID.params(0).to_dict()).encode()),
    ],
)
def test_fuzz_target_reports_wrongly_accepted_input(
    name: str, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class UnforeseenError(Exception):
        pass

    def fail(*_: object, **__: object) -> None:
        raise UnforeseenError

    for reader in ("read_csv_bars", "read_calendar", "parse_condition", "read_mapping"):
        monkeypatch.setattr(targets, reader, fail)
    with pytest.raises(UnforeseenError):
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    TARGETS[name](data)


@st.composite
def changed_seeds(draw: st.DrawFn, name: str) -> bytes:
    """Return a seed with bytes replaced, moved or doubled, or joined with another seed."""
    data = bytearray(draw(st.sampled_from(SEEDS[name])))
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, len(data)))
        end = draw(st.integers(first, min(len(data), first + 40)))
        other = draw(st.sampled_from(SEEDS[name]))
        new = draw(
            st.binary(max_size=8)
            | st.sampled_from([b"\n", b"\r", b'"', b",", b"\0", b"[", b"{", b"<", b"-", b"1e400"])
            | st.just(bytes(data[first:end]) * 2)
            | st.just(other[first : first + 80])
        )
        data[first:end] = new
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
def test_changed_files_are_read_or_refused(name: str, data: st.DataObject) -> None:
    TARGETS[name](data.draw(changed_seeds(name)))
