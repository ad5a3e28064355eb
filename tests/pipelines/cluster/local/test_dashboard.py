"""Dask's dashboard, imported on first use."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from distributed import Scheduler
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.web import RequestHandler
from tornado.websocket import websocket_connect

from pipelines.cluster.dask_settings import dask_settings
from pipelines.cluster.local.dashboard import Dashboard


@asynccontextmanager
async def _scheduler() -> AsyncIterator[Scheduler]:
    """Start a scheduler without workers, whose dashboard the first page creates."""
    address = {"host": "127.0.0.1", "port": 0, "dashboard_address": "127.0.0.1:0"}
    with dask_settings():
        async with Scheduler(**address, dashboard=False) as scheduler:
            scheduler.http_application.add_application(Dashboard(scheduler))
            yield scheduler


async def _answers(*pages: str) -> list[HTTPResponse]:
    """Return the answers of a dashboard."""
    async with _scheduler() as scheduler:
        http, fetch = scheduler.http_application, AsyncHTTPClient().fetch
        at = f"http://127.0.0.1:{scheduler.http_server.port}"
        assert (await fetch(at + "/health")).code == 200
        assert [type(each) for each in http.applications] == [Dashboard]
        answers = [await fetch(at + page, raise_error=False) for page in pages]
        assert [type(each).__name__ for each in http.applications] == ["DaskBokehTornado"]
        return answers


def test_every_page_exists() -> None:
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


def test_dashboard_neither_acts_nor_forwards() -> None:
    async def routes() -> list[tuple[str, type]]:
        async with _scheduler() as scheduler:
            rules = scheduler.http_application.default_router.rules
            inner = [rule for outer in rules for rule in outer.target.rules]
            return [(rule.matcher.regex.pattern, rule.target) for rule in inner]

    handlers = asyncio.run(routes())
    assert len(handlers) > 10
    for path, handler in handlers:
        assert "proxy" not in path
        for verb in ("post", "put", "delete", "patch"):
            assert getattr(handler, verb) is RequestHandler._unimplemented_method, path


async def _open_socket(site: str) -> None:
    """Open a socket of the dashboard as a page of a site does; `{own}` is the dashboard itself."""
    async with _scheduler() as scheduler:
        own = f"127.0.0.1:{scheduler.http_server.port}"
        page = await AsyncHTTPClient().fetch(f"http://{own}/status")
        token = re.findall(rb'"token":"([^"]+)"', page.body)[0].decode()
        headers = {"Origin": site.format(own=own)}
        request = HTTPRequest(f"ws://{own}/status/ws", headers=headers)
        (await websocket_connect(request, subprotocols=["bokeh", token])).close()


def test_pages_of_other_sites_cannot_read_the_dashboard() -> None:
    asyncio.run(_open_socket("http://{own}"))
    with pytest.raises(HTTPClientError, match="403"):
        asyncio.run(_open_socket("http://evil.example"))
