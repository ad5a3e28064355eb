"""An S3 server on loopback, and the environment through which processes find only this server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest
import s3fs
from moto.server import ThreadedMotoServer

from ib_grid.storage import remote_path
from ib_grid.storage.paths import RemotePath, parse_path

BUCKET = "results"


def environment_of(port: int) -> dict[str, str]:
    """Return environment variables that point a process to this server only."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "NO_PROXY": "127.0.0.1",
    }


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Start a server with a bucket, also for this process; yield its environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    environment = environment_of(server.get_host_and_port()[1])
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        # The process keeps the buckets of an earlier server.
        reset = Request(f"{environment['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")
        urlopen(reset).close()
        _forget()
        bucket().store.mkdir(BUCKET)
        try:
            yield environment
        finally:
            _forget()
            server.stop()


def bucket() -> RemotePath:
    """Return the bucket of the server."""
    found = parse_path(f"s3://{BUCKET}")
    assert isinstance(found, RemotePath)
    return found


def _forget() -> None:
    """Clear cached connections, which outlive the server."""
    remote_path._filesystem.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()
