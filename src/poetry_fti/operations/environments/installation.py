"""What an environment has been installed from: a record that `install` writes into it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from poetry_fti import files
from poetry_fti.operations.stage import lock_problem
from poetry_fti.reading import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from poetry_fti.operations.stage import ProjectStage

InstallationState: TypeAlias = Literal["ready", "behind", "incomplete"]

_NAME: Final = "poetry-fti.json"
_LARGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation of a stage.

    `lock` is the `packages_digest` of the stage's lock, empty unless the installation has been
    completed. `groups` are those that are installed, `omitted` the stage's other ones. `root` and
    `directories` are false if the project itself or path dependencies are left out (`--no-root`,
    `--no-directory`).
    """

    lock: str
    groups: tuple[str, ...]
    omitted: tuple[str, ...] = ()
    root: bool = True
    directories: bool = True


def packages_digest(text: str) -> str:
    """Return the digest (`sha256:…`) of the packages in a lock's text.

    The first line and the metadata can change while the packages remain the same.
    """
    body = text.replace("\r\n", "\n").partition("\n")[2].rpartition("\n[metadata]\n")[0]
    return f"sha256:{sha256(body.encode()).hexdigest()}"


def read_installation(environment: Path) -> Installation | None:
    """Return the record in an environment's folder; None if there is no valid one."""
    try:
        data = json.loads(read_bytes(environment / _NAME, _LARGEST))
        return Installation(
            lock=str(data["lock"]),
            groups=tuple(map(str, data["groups"])),
            omitted=tuple(map(str, data["omitted"])),
            root=bool(data["root"]),
            directories=bool(data["directories"]),
        )
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def write_installation(environment: Path, installation: Installation) -> None:
    """Write the record into an environment's folder; raises OSError."""
    text = json.dumps(asdict(installation), indent=2, sort_keys=True)
    files.replace({environment / _NAME: f"{text}\n"}, environment)


def installation_state(stage: ProjectStage, environment: Path) -> InstallationState:
    """Return whether an environment has been installed from the stage's lock as it is now."""
    installation = read_installation(environment)
    if installation is None or not installation.lock:
        return "incomplete"
    return "ready" if installation.lock == packages_digest(stage.lock.text) else "behind"


def installation_problem(stage: ProjectStage, environment: Path) -> str:
    """Return a message on a stage whose lock or environment is out of date; empty if neither is.

    Rules that tie the stage to others are left out of account: their locks are not read.
    """
    status = stage.lock.quick_status
    if status.state != "fresh":
        return lock_problem(stage, status)
    state, name = installation_state(stage, environment), stage.name
    if state == "behind":
        behind = f"The environment of {name} is behind {stage.folder / 'poetry.lock'}."
        return f"{behind} Update it with `poetry fti install {name}`."
    if state == "incomplete":
        return (
            f"The environment of {name} has not been installed completely."
            f" Run `poetry fti install {name}`."
        )
    return ""
