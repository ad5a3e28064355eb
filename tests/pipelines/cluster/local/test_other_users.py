"""Another user of the machine: no process of a run answers, and its key cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cluster.local.local_cluster import OwnCluster

pytestmark = pytest.mark.cluster

# For a Python of the system: another user may not be able to read this one's packages.
TRY = """
import os, socket, ssl, sys

def error(attempt, *arguments):
    try:
        return attempt(*arguments)
    except OSError as error:
        return type(error).__name__

def greeting(port, encrypt):
    with socket.create_connection(("127.0.0.1", int(port)), timeout=1) as connection:
        return encrypt(connection).recv(8)

key, *ports = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
print(error(open, key), error(os.listdir, os.path.dirname(key)))
for port in ports:
    print(error(greeting, port, lambda plain: plain), error(greeting, port, context.wrap_socket))
"""


def as_nobody(*words: object) -> str:
    """Return what a program prints as another user; skip the test where there is no such user."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a process as another user")
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [python, "-c", *map(str, words)],
                user="nobody",
                extra_groups=[],
                cwd="/",
                stdout=subprocess.PIPE,
                text=True,
                timeout=60,
                check=True,
            )
        except OSError:  # this user cannot run it
            continue
        return done.stdout
    pytest.skip("another user can run no Python here")


def test_another_user_neither_connects_nor_reads_the_key() -> None:
    assert as_nobody("print('here')") == "here\n"
    with OwnCluster(workers=1).open(1) as workers:
        info = workers.client.scheduler_info()
        (worker,) = info["workers"]
        addresses = [info["address"], info["workers"][worker]["nanny"], worker]
        ports = [address.rpartition(":")[2] for address in addresses]
        key = Path(workers.client.security.tls_client_key)
        assert key.read_bytes()
        read, *greetings = as_nobody(TRY, key, *ports).splitlines()
    assert read == "PermissionError PermissionError"
    # They connect, but nobody greets a peer without TLS, or without the certificate of the run.
    assert greetings == ["TimeoutError SSLError"] * 3
