"""Dask's dashboard, imported on first use."""

from __future__ import annotations

import asyncio

from distributed import Scheduler
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from pipelines.cluster.dask_settings import use_steady_clock
from pipelines.cluster.local.dashboard import Dashboard


async def _answers(*pages: str) -> list[HTTPResponse]:
    """Answers of a scheduler without workers, whose dashboard the first page creates."""
    address = {"host": "127.0.0.1", "port": 0, "dashboard_address": "127.0.0.1:0"}
    async with Scheduler(**address, dashboard=False) as scheduler:
        http, fetch = scheduler.http_application, AsyncHTTPClient().fetch
        http.add_application(Dashboard(scheduler))
        at = f"http://127.0.0.1:{scheduler.http_server.port}"
        assert (await fetch(at + "/health")).code == 200
        assert [type(each) for each in http.applications] == [Dashboard]
        answers = [await fetch(at + page, raise_error=False) for page in pages]
        assert [type(each).__name__ for each in http.applications] == ["DaskBokehTornado"]
        return answers


def test_every_page_exists() -> None:
    use_steady_clock()  # as in a run
    pages = ("/", "/status", "/individual-progress", "/info/main/workers.html", "/no-such-page")
    answers = asyncio.run(_answers(*pages))
    assert [answer.code for answer in answers] == [200, 200, 200, 200, 404]
    assert answers[0].effective_url.endswith("/status")
    assert b"Dask" in answers[1].body


def test_missing_page_does_not_break_the_dashboard() -> None:
    assert [answer.code for answer in asyncio.run(_answers("/no-such-page", "/status"))] == [
        404,
        200,
    ]
