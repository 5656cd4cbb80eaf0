"""The stages of a project and their locks as they were in a commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.bridge.lock.past_lock import past_packages, past_requirements
from poetry_fti.bridge.lock.text.file_lines import locked_files
from poetry_fti.bridge.project.checks import POETRY_CHECKS
from poetry_fti.bridge.project.pyproject import parse_pyproject
from poetry_fti.checks.shared.facts import CheckedStage
from poetry_fti.config.pyproject import read_without_checks
from poetry_fti.config.shape import has_expected_shape
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.operations.project import derived_stages
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.ports.git import Repository

    KnownSizes = Callable[[Iterable[LockedPackage]], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class UnreadableLock:
    """Why the lock of a stage cannot be read in a commit, without a full stop."""

    reason: str


class PastProject:
    """The stages of a project in a commit, by name, and their locks.

    Stages are found where the pyproject.toml of the commit has them, also if their folder has been
    renamed since.
    """

    def __init__(self, project: Project, repository: Repository, commit: str) -> None:
        """Read the pyproject.toml and the locks of a commit.

        Raises FtiError for a file that is too large or that a partial clone lacks.
        """
        self._sizes = project.poetry.known_sizes
        self.problem = ""
        self._stages: Sequence[DerivedStage] = ()
        path = repository.prefix / "pyproject.toml"
        content = repository.contents(commit, [path]).get(path)
        try:
            self._stages = _stages(content, project) if content is not None else ()
        except Exception:  # noqa: BLE001 - Poetry need not have accepted it, and raises any type
            self.problem = f"pyproject.toml of the commit {commit} is not valid"
        paths = {
            each.stage.name: repository.prefix / each.folder / "poetry.lock"
            for each in self._stages
        }
        locks = repository.contents(commit, paths.values())
        self._locks = {name: locks[path] for name, path in paths.items() if path in locks}

    @property
    def locked(self) -> Sequence[str]:
        """The names of the stages that have a lock in the commit."""
        return tuple(self._locks)

    def has(self, stage: ProjectStage) -> bool:
        """Return whether the commit has the very same stage with the same lock."""
        past = next((each for each in self._stages if each.stage == stage.stage), None)
        content = self._locks.get(stage.name)
        return (
            past is not None
            and content is not None
            and past.requires_python == stage.python
            and content.replace(b"\r\n", b"\n") == stage.lock.text.replace("\r\n", "\n").encode()
        )

    def has_same(self, name: str, other: PastProject) -> bool:
        """Return whether two commits have the same stage of a name, with the same lock."""
        return name in self._locks and self._state(name) == other._state(name)

    def _state(self, name: str) -> tuple[object, ...] | None:
        """Return what the packages of a stage depend on; None if the commit has no such stage."""
        found = next((each for each in self._stages if each.stage.name == name), None)
        if found is None:
            return None
        return found.stage, found.requires_python, self._locks.get(name)

    def stage(self, name: str) -> CheckedStage | UnreadableLock | None:
        """Return a stage with its lock; None if the commit does not have the stage or its lock."""
        if self.problem:
            return UnreadableLock(self.problem)
        if name not in self._locks:
            return None
        derived = next(each for each in self._stages if each.stage.name == name)
        try:
            return _checked(derived, self._locks[name].decode(), self._sizes)
        except UnicodeDecodeError:
            return UnreadableLock("it is not UTF-8 text")
        except FtiError as error:
            return UnreadableLock(str(error))
        except Exception as error:  # noqa: BLE001 - see above
            return UnreadableLock(in_one_line(f"Poetry cannot read the stage: {error}"))


def _stages(content: bytes, project: Project) -> Sequence[DerivedStage]:
    try:
        data = parse_pyproject(content.decode())
    except UnicodeDecodeError as error:
        raise ConfigError("pyproject.toml is not UTF-8 text") from error
    if not has_expected_shape(data):
        raise ConfigError("pyproject.toml is not valid")
    return derived_stages(data, read_without_checks(data, POETRY_CHECKS.extras(data)), project.root)


def _checked(derived: DerivedStage, text: str, sizes: KnownSizes) -> CheckedStage:
    packages, files = past_packages(text, derived), locked_files(text)
    return CheckedStage(
        stage=derived.stage,
        problem="",
        requirements=past_requirements(derived),
        packages=packages,
        python=derived.requires_python,
        files=lambda package: files.get((package.name, package.version), ()),
        sizes=lambda: sizes(packages),
    )
