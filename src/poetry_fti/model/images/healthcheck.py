"""The health check of a stage's container image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A health check by HTTP: a path that is requested at a port of the container itself."""

    path: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """A health check: a command that has to succeed, or an HTTP request.

    Durations are in Docker's notation (`30s`); None leaves the container engine's default.
    """

    probe: tuple[str, ...] | HttpProbe
    interval: str | None = None
    timeout: str | None = None
    start_period: str | None = None
    retries: int | None = None
