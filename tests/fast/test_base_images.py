"""What the reference of a base image says of it."""

from __future__ import annotations

import pytest
from packaging.version import Version

from poetry_fti.base_images import (
    base_libc,
    base_python,
    cuda_version,
    has_cuda,
    image_tag,
    is_debian_like,
)


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(
    ("reference", "libc"),
    [
        ("python:3.12-slim-bookworm", "glibc-2.36"),
        ("python:3.12-alpine3.20", "musl-1.2"),
        ("nvidia/cuda:12.4.1-runtime-ubuntu20.04", "glibc-2.31"),
        ("ubuntu:24.04@sha256:00", "glibc-2.39"),
        ("debian:12.10-slim", "glibc-2.36"),
        ("gcr.io/distroless/python3-debian12", "glibc-2.36"),
        ("registry.access.redhat.com/ubi8/python-312:1", "glibc-2.28"),
        ("redhat/ubi9:9.4", "glibc-2.34"),
        ("python:3.12-slim", "None"),
        ("ubuntu:27.04", "None"),
        ("mirror.example/rubi9:1", "None"),
        ("corp.example:5000/ml/runtime:7", "None"),
    ],
)
def test_the_libc_is_that_of_the_release(reference: str, libc: str) -> None:
    assert str(base_libc(reference)) == libc


def test_a_debian_without_a_release_is_known_as_one() -> None:
    assert is_debian_like("python:3.12-slim")
    assert not is_debian_like("corp.example/ml/runtime:7")


def test_the_tag_is_not_the_port_of_the_registry() -> None:
    assert image_tag("corp.example:5000/python@sha256:00") == ""
    assert image_tag("corp.example:5000/python:3.12") == "3.12"


def test_the_python_is_that_of_the_official_image() -> None:
    assert base_python("docker.io/library/python:3.12.4-slim") == Version("3.12.4")
    assert base_python("corp.example/my-python:3.12") is None


@pytest.mark.parametrize(
    ("reference", "version", "contains"),
    [
        ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", (12, 4), True),
        ("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", (12, 4), True),
        ("corp.example/cuda-base:7", None, True),
        ("corp.example/barracuda:12.4", None, False),
        ("python:3.12", None, False),
    ],
)
def test_cuda_is_named(reference: str, version: tuple[int, int] | None, contains: bool) -> None:  # noqa: FBT001
    assert cuda_version(reference) == version
    assert has_cuda(reference) is contains
