"""Certificates of authorities in an image: where they are added, and that builds can read them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from fast.exporters.canned import stage
from poetry_fti.exporters.docker.context.dockerignore import context_paths
from poetry_fti.exporters.images import dockerfile
from poetry_fti.model.images.image import Image

if TYPE_CHECKING:
    from pathlib import Path

PATHS = (PurePosixPath("certs/acme.pem"), PurePosixPath("certs/a proxy.crt"))
LOCKED = stage(python="==3.12.*")
LOCKED = replace(
    LOCKED,
    stage=replace(LOCKED.stage, image=Image(ca_certificates=PATHS, run_before=("true",))),
)
INSTRUCTIONS = r"""FROM python:3.12-slim-bookworm AS base

# Set by tool.fti.stages.training.image.ca-certificates.
COPY certs/acme.pem /usr/local/share/ca-certificates/acme.crt
COPY ["certs/a proxy.crt", "/usr/local/share/ca-certificates/a proxy.crt"]

RUN mkdir -p /etc/ssl/certs \
    && { test -e /etc/ssl/certs/ca-certificates.crt \
        || cat /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem > /etc/ssl/certs/ca-certificates.crt 2> /dev/null || true; } \
    && for file in /usr/local/share/ca-certificates/acme.crt '/usr/local/share/ca-certificates/a proxy.crt'; do \
        echo && cat "$file" || exit 1; done >> /etc/ssl/certs/ca-certificates.crt

ENV REQUESTS_CA_BUNDLE="/etc/ssl/certs/ca-certificates.crt" \
    SSL_CERT_FILE="/etc/ssl/certs/ca-certificates.crt"

# Set by tool.fti.stages.training.image.run-before.
"""  # noqa: E501


def test_they_come_before_the_first_command() -> None:
    assert INSTRUCTIONS in dockerfile.files(LOCKED)["Dockerfile"]


def test_the_build_can_read_them_alone_of_all_keys() -> None:
    text = dockerfile.files(LOCKED)["Dockerfile.dockerignore"]
    lines = ["# Certificates of ca-certificates.", "!certs/acme.pem", "!certs/a proxy.crt"]
    assert text.splitlines()[-3:] == lines
    assert set(PATHS) <= set(context_paths(LOCKED))


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
@pytest.mark.parametrize(
    ("bundle", "contents"),
    [
        ("etc/ssl/certs/ca-certificates.crt", "system\none\ntwo"),
        ("etc/pki/tls/certs/ca-bundle.crt", "system\none\ntwo"),
        (None, "\none\ntwo"),
    ],
)
def test_the_bundle_of_any_system_has_them(
    tmp_path: Path, bundle: str | None, contents: str
) -> None:
    names = ("acme.crt", "a proxy.crt")
    for name, text in zip(names, ("one", "two"), strict=True):
        write(tmp_path / "usr/local/share/ca-certificates" / name, text)
    if bundle:
        write(tmp_path / bundle, "system")
    command = INSTRUCTIONS.split("\nRUN ")[1].split("\n\n", maxsplit=1)[0]
    for folder in ("/etc/", "/usr/"):
        command = command.replace(folder, f"{tmp_path}{folder}")
    subprocess.run(["sh", "-c", command], check=True)
    written = tmp_path / "etc/ssl/certs/ca-certificates.crt"
    assert written.read_text(encoding="utf-8") == contents


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
