"""Dask as a run configures it, whatever the user has configured."""

from __future__ import annotations

import dask
import pytest

from pipelines.cluster.dask_settings import without_user_configuration


@pytest.mark.parametrize(
    ("key", "configured"),
    [
        ("distributed.dashboard.link", "{scheme}://{UNSET_VARIABLE}:{port}"),
        ("distributed.comm.require-encryption", True),
        ("distributed.worker.preload", ["no_such_module"]),
    ],
)
def test_the_users_configuration_is_set_aside(key: str, configured: object) -> None:
    with dask.config.set({key: configured}):
        with without_user_configuration():
            assert dask.config.get(key) != configured
        assert dask.config.get(key) == configured
