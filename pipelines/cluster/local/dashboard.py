"""Dask's dashboard, imported when somebody first looks at it."""

from __future__ import annotations

from typing import Any

from distributed import Scheduler
from tornado.httputil import HTTPServerRequest
from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Dashboard(Application):
    """A stand-in for Dask's dashboard, which is imported when somebody first looks at it.

    The import takes a fifth of a second, and most runs are over before anybody looks.

    The scheduler runs in this process and was started without a dashboard.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Replace this application by the dashboard, and let the dashboard answer."""
        from bokeh.server.views.ws import WSHandler
        from distributed.dashboard.scheduler import connect

        # Its own pages may read the dashboard, those of any other site in the browser may not.
        WSHandler.check_origin = WebSocketHandler.check_origin
        pages = self._scheduler.http_application
        pages.applications.remove(self)
        connect(pages, self._scheduler.http_server, self._scheduler)
        return pages.find_handler(request, **kwargs)
