"""The project as Poetry loads it, loaded when it is first needed."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cleo.io.null_io import NullIO
from poetry.core.factory import logger
from poetry.factory import Factory

from poetry_fti.bridge.accepted import remember_accepted
from poetry_fti.bridge.build_constraints import build_constraints
from poetry_fti.bridge.grammars import load_grammars
from poetry_fti.bridge.project.derived_package import require_sources
from poetry_fti.bridge.project.pyproject import converted_poetry_errors
from poetry_fti.bridge.project.requirements.problems import requirement_problems
from poetry_fti.bridge.project.sources import hide_credentials
from poetry_fti.errors import ConfigError, ProblemsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from packaging.utils import NormalizedName
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.poetry import Poetry
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.files import KnownSizes
    from poetry_fti.bridge.index.licenses.lookup import IndexLicenses
    from poetry_fti.model.licenses import LicenseMetadata
    from poetry_fti.model.lock import Code, LockedFile, LockedPackage, LockedStage
    from poetry_fti.model.login import Login
    from poetry_fti.model.origins import IndexOrigin

    CreatePoetry: TypeAlias = Callable[[Path], Poetry]


class PoetryProject:
    """Poetry's object for a project, created on first use by a function that may fail."""

    def __init__(self, root: Path, create: CreatePoetry, *, is_accepted: bool = False) -> None:
        """Load the project in the folder `root` with `create` when it is needed.

        If Poetry has accepted it before, it is not validated again.
        """
        self.root = root
        self._create = create
        self._is_accepted = is_accepted
        self._poetry: Poetry | None = None
        self._is_validated = False

    @property
    def poetry(self) -> Poetry:
        """Poetry's own object; raises ConfigError if Poetry refuses the pyproject.toml."""
        if self._poetry is None:
            self._poetry = self._load(validate=not self._is_accepted)
        return self._poetry

    def load_unvalidated(self) -> None:
        """Load the project, if it is not yet loaded, but do not let Poetry validate it.

        Validating takes as long as solving a small stage. The caller must call `require_accepted`
        before anything that depends on this project is written. Nothing is loaded if it fails.
        """
        if self._poetry is None:
            with suppress(Exception):  # whatever is wrong, validating says it better
                self._poetry = self._load(validate=False)

    def _load(self, *, validate: bool) -> Poetry:
        from poetry_fti.bridge.index.http_cache import make_robust  # noqa: PLC0415 - slow

        load_grammars()
        with nullcontext() if validate else _without_validation(), converted_poetry_errors():
            poetry = self._create(self.root)
            hide_credentials(poetry)
        make_robust(poetry.pool)
        self._is_validated = validate or self._is_accepted
        return poetry

    @cached_property
    def _known_sizes(self) -> KnownSizes:
        from poetry_fti.bridge.index.files import KnownSizes  # noqa: PLC0415 - slow

        return KnownSizes(self.pool)

    @cached_property
    def _licenses(self) -> IndexLicenses:
        from poetry_fti.bridge.index.licenses.lookup import IndexLicenses  # noqa: PLC0415 - slow

        return IndexLicenses(self.pool)

    @property
    def pool(self) -> RepositoryPool:
        """The project's package indexes."""
        return self.poetry.pool

    def require_accepted(self, pyproject: Mapping[str, Any]) -> None:
        """Raise ConfigError if Poetry refuses the pyproject.toml, which has this data.

        The error names the requirements that are not valid, which Poetry's own does not.
        """
        self.load_unvalidated()
        try:
            if self._poetry is None or self._is_validated:
                _ = self.poetry
            else:
                self._validate(pyproject)
        except ConfigError as error:
            if problems := requirement_problems(pyproject):
                raise ProblemsError(problems) from error
            raise

    def _validate(self, pyproject: Mapping[str, Any]) -> None:
        result = Factory.validate(deepcopy(dict(pyproject)))  # which it adds defaults to
        if result["errors"]:  # as poetry-core words it when it loads the file
            listed = "".join(f"\n  - {error}" for error in result["errors"])
            raise ConfigError(f"pyproject.toml: The Poetry configuration is invalid:{listed}")
        for warning in result["warnings"]:
            logger.warning(warning)
        self._is_validated = True
        if not result["warnings"]:  # which are to be repeated
            remember_accepted(self.root, pyproject)

    def require_sources(self, package: ProjectPackage) -> None:
        """Raise ConfigError if a dependency names a source that the project does not have."""
        require_sources(package, self.pool)

    def indexes(self) -> tuple[IndexOrigin, ...]:
        """Return the project's indexes, highest priority first; Poetry's default has no name."""
        from poetry_fti.bridge.index.files import pool_indexes  # noqa: PLC0415 - slow

        return pool_indexes(self.pool)

    def code(self) -> Code:
        """Return where the project's own packages are."""
        from poetry_fti.bridge.project.code import project_code  # noqa: PLC0415 - slow

        return project_code(self.poetry)

    def build_constraints(
        self, names: Collection[NormalizedName]
    ) -> tuple[tuple[NormalizedName, tuple[str, ...]], ...]:
        """Return pairs of a package with one of the names and the requirements of its builds.

        Raises ConfigError for a constraint that a requirements file cannot contain.
        """
        return build_constraints(self.poetry, names)

    def find_files(self, packages: Iterable[LockedPackage]) -> dict[str, LockedFile]:
        """Return URL, size and upload time of the packages' files by digest, from their indexes.

        Raises FtiError if an index cannot be reached.
        """
        from poetry_fti.bridge.index.files import find_files  # noqa: PLC0415 - slow

        return find_files(self.pool, packages)

    def known_sizes(self, packages: Iterable[LockedPackage]) -> dict[str, int]:
        """Return the sizes in bytes of the packages' files by digest that Poetry's cache has."""
        return self._known_sizes.of(packages)

    def find_licenses(self, packages: Sequence[LockedPackage]) -> list[LicenseMetadata | None]:
        """Return the license metadata of each package, from their indexes.

        It is None for a package that is not from an index, and where the index has no metadata.
        Raises FtiError if an index cannot be reached.
        """
        return self._licenses.of(packages)

    def cached_yanks(
        self, packages: Iterable[LockedPackage]
    ) -> tuple[dict[str, str], set[NormalizedName]]:
        """Return the packages' files that PyPI has yanked by digest, with the reasons if known.

        Only pages in Poetry's cache are read. The names of the packages from PyPI that have none
        there are returned as well.
        """
        from poetry_fti.bridge.index.files import cached_yanks  # noqa: PLC0415 - slow

        return cached_yanks(self.pool, packages)

    def logins(self, stages: Iterable[LockedStage]) -> tuple[Login, ...]:
        """Return the logins that Poetry is configured with for where the packages come from."""
        from poetry_fti.bridge.index.logins import logins  # noqa: PLC0415 - rarely needed

        return logins(self.poetry, stages)


def create_poetry(root: Path) -> Poetry:
    """Load the project in a folder as Poetry's commands do, without any output."""
    return Factory().create_poetry(root, io=NullIO())


@contextmanager
def _without_validation() -> Iterator[None]:
    """Let Poetry load a pyproject.toml without validating it.

    Relies on `Factory.create_poetry`, which calls `validate` for its errors and warnings.
    """
    validate = vars(Factory)["validate"]
    type.__setattr__(Factory, "validate", classmethod(_no_problems))
    try:
        yield
    finally:
        type.__setattr__(Factory, "validate", validate)


def _no_problems(
    _factory: type[Factory],
    toml_data: dict[str, Any],
    strict: bool = False,  # noqa: ARG001, FBT001, FBT002 - as in Poetry's signature
) -> dict[str, list[str]]:
    """Return that nothing is wrong, after adding what Poetry's validation adds to the data."""
    toml_data.setdefault("tool", {}).setdefault("poetry", {}).setdefault("package-mode", True)
    return {"errors": [], "warnings": []}
