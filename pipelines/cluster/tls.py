"""TLS: certificates that a person gives, and those made for one run.

Whoever connects to a Dask scheduler, nanny or worker can run any code as its user, so every process
that we start accepts only peers that hold the certificate of the run.
"""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import dask

from ib_grid.errors import ConfigError
from pipelines.config.run_options import TLS_SCHEMES
from pipelines.config.settings import Settings

_TLS = "distributed.comm.tls"
_NAME = "ib-grid"
# The key lives as long as its run; a clock may be wrong, or be set while the run goes on.
_VALID = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def tls_settings(settings: Settings) -> dict[str, object]:
    """Return the Dask configuration of given certificates; empty if none are given.

    Certificates may be given in the settings or, for an existing scheduler that speaks TLS, in
    Dask's own configuration.
    """
    if settings.tls_ca_file:
        config = _configuration(settings.tls_ca_file, settings.tls_cert, settings.tls_key)
        location = f"{settings.tls_ca_file}, {settings.tls_cert}, {settings.tls_key}"
    elif (settings.scheduler or "").startswith(TLS_SCHEMES):
        config = {"distributed.comm.require-encryption": True}
        location = f"{_TLS} in Dask's configuration"
    else:
        return {}
    _check_certificates(config, location, settings.scheduler)
    return config


def new_certificate(folder: Path) -> dict[str, object]:
    """Write a new certificate to a folder; return the Dask configuration that demands it.

    One file holds the key and the certificate, which has signed itself; only its owner can read the
    file.
    """
    path = Path(folder, "tls.pem")
    path.touch(0o600, exist_ok=False)
    path.write_bytes(_key_and_certificate())
    return _configuration(path, path, path)


def _key_and_certificate() -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)])
    certificate = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=_VALID[0],
        not_valid_after=_VALID[1],
    ).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(pem, *plain) + certificate.public_bytes(pem)


def _configuration(ca_file: Path, cert: Path | None, key: Path | None) -> dict[str, object]:
    """Return the Dask configuration that allows only connections with these certificates."""
    config: dict[str, object] = {"distributed.comm.require-encryption": True}
    config[f"{_TLS}.ca-file"] = _absolute(ca_file)
    for role in ("client", "scheduler", "worker"):
        config[f"{_TLS}.{role}.cert"] = _absolute(cert)
        config[f"{_TLS}.{role}.key"] = _absolute(key)
    return config


def _absolute(path: Path | None) -> str:
    return str(path.absolute()) if path else ""


def _check_certificates(config: dict[str, object], location: str, address: str | None) -> None:
    from distributed import Security  # its defaults must be there before they are overridden

    with dask.config.set(config):
        security = Security()
    if not (security.tls_ca_file and security.tls_client_cert):
        raise ConfigError(
            "the scheduler uses TLS, but no certificates are given",
            location=f"--scheduler {address}",
            expected="--tls-ca-file, --tls-cert and --tls-key, or distributed.comm.tls in Dask's"
            " configuration",
        )
    try:
        security.get_connection_args("client")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificates cannot be used ({error.strerror or error})",
            location=location,
            expected="three PEM files: of the authority, a certificate signed by it, and its key",
        ) from error
