"""Dask's dashboard, made when somebody first looks at it.

Its library takes a fifth of a second to import, and most runs are over before anybody looks.
"""

from __future__ import annotations

from typing import Any

from distributed import Scheduler
from tornado.httputil import HTTPServerRequest
from tornado.web import Application


class Dashboard(Application):
    """Stands for the pages of a scheduler that was started without a dashboard.

    Parameters
    ----------
    scheduler : distributed.Scheduler
        In this process.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler

    def find_handler(self, request: HTTPServerRequest, **words: Any) -> Any:
        """Put the dashboard into the place of this and let it answer."""
        from distributed.dashboard.scheduler import connect

        pages = self._scheduler.http_application
        pages.applications.remove(self)
        connect(pages, self._scheduler.http_server, self._scheduler)
        return pages.find_handler(request, **words)
