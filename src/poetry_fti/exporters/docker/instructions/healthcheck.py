"""The `HEALTHCHECK` instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.quoting import exec_form
from poetry_fti.model.images.healthcheck import HttpProbe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model.images.healthcheck import Healthcheck
    from poetry_fti.model.lock import LockedStage

# The probe runs in the image's own Python, since the image may have no curl. The options skip
# installed packages and the project's code. http.client, unlike urllib, ignores proxy variables.
_OPTIONS: Final = ("-I", "-S", "-c")
_REQUEST: Final = (
    "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', {port});"
    " c.request('GET', {path!r}); sys.exit(c.getresponse().status >= 400)"
)


def healthcheck(locked: LockedStage) -> Iterator[str]:
    """Yield the `HEALTHCHECK` instruction, if a health check is configured."""
    check = locked.stage.image.healthcheck
    if check:
        words = _command(check, locked.stage.image.python or "/opt/venv/bin/python")
        what = f'The health check of the stage "{locked.stage.name}"'
        yield f"HEALTHCHECK {_options(check)}CMD {exec_form(words, what)}"


def _options(check: Healthcheck) -> str:
    values = {
        "interval": check.interval,
        "timeout": check.timeout,
        "start-period": check.start_period,
        "retries": check.retries,
    }
    options = [f"--{name}={value}" for name, value in values.items() if value is not None]
    return f"{' '.join(options)} \\\n    " if options else ""


def _command(check: Healthcheck, python: str) -> tuple[str, ...]:
    probe = check.probe
    if isinstance(probe, HttpProbe):
        return (python, *_OPTIONS, _REQUEST.format(port=probe.port, path=probe.path))
    return probe
