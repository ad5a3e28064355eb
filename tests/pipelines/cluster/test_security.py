"""Access to a run from other machines: warnings, TLS and certificates."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import dask
import psutil
import pytest
from distributed import Security

from ib_grid.errors import ConfigError
from pipelines.cluster.clusters import choose_cluster
from pipelines.cluster.local.local_cluster import OwnCluster, is_loopback
from pipelines.cluster.tls import new_certificate, tls_settings
from pipelines.config.configuration import load_settings
from pipelines.config.settings import Settings
from tests.helpers.machines.external_cluster import certificates

TLS = {"tls_ca_file": "ca.pem", "tls_cert": "cert.pem", "tls_key": "key.pem"}


def warnings_of(settings: Settings) -> list[str]:
    return choose_cluster(settings).warnings()


def asked(**options: object) -> Settings:
    return load_settings({"symbol": "GER40", **options})


@pytest.mark.parametrize("address", [":0", ":8787", "127.0.0.1:0", "localhost:1", "127.1.2.3:4"])
def test_this_machine_alone(address: str) -> None:
    assert is_loopback(address)
    assert warnings_of(asked(dashboard_address=address, listen=address)) == []


@pytest.mark.parametrize(
    "address", ["0.0.0.0:0", "10.1.2.3:8787", "some.host:1", "localhost.evil:1"]
)
def test_listening_beyond_this_machine_is_announced(address: str) -> None:
    assert not is_loopback(address)
    (dashboard,) = warnings_of(asked(dashboard_address=address))
    assert f"warning: the dashboard listens at {address}" in dashboard
    assert "without a password and unencrypted, but cannot change anything" in dashboard
    assert warnings_of(asked(listen=address)) == []


def test_existing_cluster_gives_no_warning() -> None:
    assert warnings_of(asked(scheduler="tcp://10.0.0.1:8786", dashboard_address="0.0.0.0:1")) == []


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"tls_ca_file": "ca.pem"}, "tls_ca_file without tls_cert, tls_key"),
        ({"tls_cert": "c.pem", "tls_key": "k.pem"}, "tls_cert, tls_key without tls_ca_file"),
        ({"scheduler": "tcp://10.0.0.1:8786", **TLS}, "not a TLS address"),
        ({"scheduler": "tcp://10.0.0.1:8786", "listen": ":1"}, "exclude each other"),
        ({"listen": "8786"}, "listen is '8786'"),
    ],
)
def test_incompatible_options(options: dict[str, object], found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        asked(**options)


def test_no_certificates_are_needed() -> None:
    assert tls_settings(asked()) == {}
    assert tls_settings(asked(scheduler="tcp://10.0.0.1:8786")) == {}


def test_only_tls_is_accepted(tmp_path: Path) -> None:
    given = asked(**dict(zip(TLS, certificates(tmp_path), strict=True)))
    with dask.config.set(tls_settings(given)):
        security = Security()
    for role in ("client", "scheduler", "worker"):
        assert security.get_connection_args(role)["require_encryption"] is True


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    ca, cert, key = certificates(tmp_path)
    (tmp_path / "other").mkdir()
    other = certificates(tmp_path / "other")
    for files in ((ca, cert, tmp_path / "absent"), (ca, cert, other[2]), (key, cert, key)):
        options = dict(zip(TLS, files, strict=True))
        with pytest.raises(ConfigError, match="certificates cannot be used") as caught:
            tls_settings(asked(scheduler="tls://10.0.0.1:8786", **options))
        assert str(files[0]) in caught.value.location


def test_certificates_of_dasks_configuration(tmp_path: Path) -> None:
    there = asked(scheduler="tls://10.0.0.1:8786")
    with pytest.raises(ConfigError, match="no certificates are given"):
        tls_settings(there)
    ca, cert, key = map(str, certificates(tmp_path))
    tls = "distributed.comm.tls"
    files = {f"{tls}.ca-file": ca, f"{tls}.client.cert": cert, f"{tls}.client.key": key}
    with dask.config.set(files), dask.config.set(tls_settings(there)):
        found = Security()
    assert (found.require_encryption, found.tls_client_cert) == (True, cert)


def test_new_certificates_are_private(tmp_path: Path) -> None:
    config = new_certificate(tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert {value for value in config.values() if isinstance(value, str)} == {str(file)}
    with pytest.raises(FileExistsError):
        new_certificate(tmp_path)


def _greeting(address: str, *, tls: bool = True, pem: str | None = None) -> bytes:
    """Return the first bytes that a Dask process sends to whoever connects; empty if none come."""
    there = urlsplit(address)
    with socket.create_connection((there.hostname, there.port), timeout=0.5) as connection:
        if not tls:
            return _received(connection)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if pem:
            context.load_cert_chain(pem)
        with context.wrap_socket(connection) as encrypted:
            return _received(encrypted)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(8)
    except TimeoutError:
        return b""


@pytest.mark.cluster
def test_nothing_answers_without_the_certificate(tmp_path: Path) -> None:
    new_certificate(tmp_path)
    with OwnCluster(workers=1).open(1) as workers:
        own = workers.client.security.tls_client_cert
        assert Path(own).parent.stat().st_mode & 0o077 == 0
        info = workers.client.scheduler_info()
        (worker,) = info["workers"]
        for address in (info["address"], info["workers"][worker]["nanny"], worker):
            assert len(_greeting(address, pem=own)) == 8
            assert _greeting(address, tls=False) == b""
            for foreign in (None, str(tmp_path / "tls.pem")):
                with pytest.raises(ssl.SSLError, match=r"certificate required|unknown ca|CA"):
                    _greeting(address, pem=foreign)
    assert not Path(own).exists()


@pytest.mark.cluster
def test_a_worker_joins_with_the_files_of_the_command(tmp_path: Path) -> None:
    with OwnCluster(workers=1, listen="127.0.0.1:0").open(1) as workers:
        words = workers.join_command.split()
        log = tmp_path / "log.txt"
        with (
            log.open("wb") as file,
            subprocess.Popen(
                [sys.executable, "-m", *words, "--no-nanny", "--no-dashboard"],
                cwd=tmp_path,
                stdout=file,
                stderr=file,
            ) as joining,
        ):
            try:
                workers.client.wait_for_workers(2, timeout=60)
            finally:
                joining.terminate()


@pytest.mark.cluster
def test_joinable_local_cluster_requires_tls(tmp_path: Path) -> None:
    ca, cert, key = certificates(tmp_path)
    settings = asked(tls_ca_file=ca, tls_cert=cert, tls_key=key, listen="127.0.0.2:0")
    with choose_cluster(settings).open(1) as workers:
        address = workers.client.scheduler.address
        assert address.startswith("tls://127.0.0.2:")
        assert all(name.startswith("tls://127.0.0.2:") for name in workers.client.nthreads())
        assert workers.dashboard_link.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(workers.dashboard_link, timeout=30) as page:
            assert page.status == 200
        here = psutil.Process()
        listening = set()
        for process in [here, *here.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                listening |= {
                    c.laddr.ip for c in process.net_connections("inet") if c.status == "LISTEN"
                }
        assert listening <= {"127.0.0.1", "127.0.0.2"}
