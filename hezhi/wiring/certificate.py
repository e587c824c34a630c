"""A certificate of our own for `./run --https` (自签证书): phones allow offline pages only over TLS."""

import datetime as dt
import ipaddress
import os
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hezhi.ground import time as clock

DAYS = 365


def names() -> list[str]:
    """Names and addresses under which this machine may be reached."""
    found = ["localhost", "127.0.0.1", "[::1]", socket.gethostname()]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # nothing is sent; it tells which address would be used
            found.append(probe.getsockname()[0])
        except OSError:
            pass
    return list(dict.fromkeys(found))


def make(folder: Path) -> tuple[Path, Path]:
    """Certificate and key files in `folder`, made when missing or for other names."""
    certificate, private = folder / "tls.crt", folder / "tls.key"
    known = folder / "tls.names"
    if certificate.exists() and known.exists() and known.read_text() == "\n".join(names()):
        return certificate, private
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hezhi")])
    now = clock.real_now().astimezone(dt.UTC)
    others = [_general(name) for name in names()]
    signed = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .sign(key, hashes.SHA256())
    )
    with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        form = serialization.PrivateFormat.PKCS8
        out.write(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    known.write_text("\n".join(names()))
    return certificate, private


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)
