"""Ctrl-C and SIGTERM."""

from __future__ import annotations

import contextlib
import signal

import pytest

from pipelines.cluster.interrupts import defer_interrupts, interrupt_once, tell_when_stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_only_the_first_signal_interrupts(number: signal.Signals) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    interrupts = 0
    with interrupt_once():
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            interrupts += 1
            signal.raise_signal(signal.SIGINT)  # does not disturb the shutdown
            signal.raise_signal(signal.SIGTERM)
    assert interrupts == 1
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_interrupt_can_be_deferred() -> None:
    steps = []
    with contextlib.suppress(KeyboardInterrupt), interrupt_once():
        with defer_interrupts():
            signal.raise_signal(signal.SIGINT)
            steps.append("started")
        steps.append("went on")
    assert steps == ["started"]


def test_two_interrupts_are_deferred_and_told_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    steps = []
    with contextlib.suppress(KeyboardInterrupt), interrupt_once():
        with defer_interrupts():
            signal.raise_signal(signal.SIGINT)
            steps.append(capfd.readouterr().err)
            signal.raise_signal(signal.SIGTERM)
            steps.append(capfd.readouterr().err)
        steps.append("went on")
    assert steps == ["stopping\n", "stopping; press Ctrl-C again to leave at once\n"]
    assert capfd.readouterr().err == ""


def test_a_third_interrupt_is_not_deferred() -> None:
    steps = []
    with contextlib.suppress(KeyboardInterrupt), interrupt_once(), defer_interrupts():
        for step in ("first", "second", "third"):
            signal.raise_signal(signal.SIGINT)
            steps.append(step)
    assert steps == ["first", "second"]


def test_only_a_stopped_block_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with tell_when_stopped("nothing stops this"):
        pass
    with (
        pytest.raises(KeyboardInterrupt),
        interrupt_once(),
        tell_when_stopped("run it again"),
    ):
        signal.raise_signal(signal.SIGINT)
    assert capfd.readouterr().err == "stopping\nrun it again\n"
