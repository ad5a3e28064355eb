"""Who can reach what a run starts, and the certificates by which processes know each other."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path

from distributed import Security

from ib_grid.errors import ConfigError
from pipelines.config.options import TLS_SCHEMES
from pipelines.config.settings import Settings


def security_of(settings: Settings) -> Security | None:
    """What Dask needs to speak TLS and nothing else; None where nobody asked for it.

    A scheduler whose address is one of TLS may have its certificates in Dask's own configuration.

    Raises
    ------
    ConfigError
        If there are no certificates, or they cannot be used.
    """
    if settings.tls_ca_file:
        roles = ("client", "scheduler", "worker")
        found = Security(
            require_encryption=True,
            tls_ca_file=_absolute(settings.tls_ca_file),
            **{f"tls_{role}_cert": _absolute(settings.tls_cert) for role in roles},
            **{f"tls_{role}_key": _absolute(settings.tls_key) for role in roles},
        )
        _check_usable(found, f"{settings.tls_ca_file}, {settings.tls_cert}, {settings.tls_key}")
        return found
    if not (settings.scheduler or "").startswith(TLS_SCHEMES):
        return None
    found = Security(require_encryption=True)
    if not (found.tls_ca_file and found.tls_client_cert):
        raise ConfigError(
            "the scheduler speaks TLS and no certificates are given",
            location=f"--scheduler {settings.scheduler}",
            expected="--tls-ca-file, --tls-cert and --tls-key, or distributed.comm.tls in Dask's"
            " configuration",
        )
    _check_usable(found, "distributed.comm.tls of Dask's configuration")
    return found


def _absolute(path: Path | None) -> str:
    return str(path.absolute()) if path else ""


def _check_usable(security: Security, location: str) -> None:
    """Refuse certificates that cannot be read or do not belong together; a ConfigError."""
    try:
        security.get_connection_args("client")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificates cannot be used ({error.strerror or error})",
            location=location,
            expected="three PEM files: of the authority, a certificate signed by it, and its key",
        ) from error


def is_loopback(address: str) -> bool:
    """Whether ``HOST:PORT`` is heard on this machine alone; no host means that it is."""
    host = address.rpartition(":")[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def warnings_of(settings: Settings) -> list[str]:
    """What a person has to know of who can reach a run; nothing where only this machine can."""
    if settings.scheduler:
        return []
    said, listen = [], settings.listen
    if not is_loopback(settings.dashboard_address):
        said.append(
            f"warning: the dashboard listens at {settings.dashboard_address}, beyond this machine:"
            " whoever reaches that port sees the run, its workers, their addresses and logs,"
            " without a password and unencrypted; it shows and changes nothing. To look at it from"
            " elsewhere, `ssh -L` does without."
        )
    if listen and not is_loopback(listen) and not settings.tls_ca_file:
        said.append(
            f"warning: the scheduler and the workers listen at {listen}, beyond this machine:"
            " whoever reaches their ports can run any program as you, here and on every worker."
            " Give --tls-ca-file, --tls-cert and --tls-key, or let a firewall keep others out."
        )
    return said
