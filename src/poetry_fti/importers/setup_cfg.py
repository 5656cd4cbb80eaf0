"""setup.cfg of setuptools: `install_requires` and the extras."""

from __future__ import annotations

from configparser import ConfigParser, Error
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers.projects.declared import Reader
from poetry_fti.importers.requirements.entries import read_text
from poetry_fti.importers.shared.choice import chosen_environment
from poetry_fti.importers.shared.requirements import merged, pinned_versions
from poetry_fti.model.imported import ImportedStage

if TYPE_CHECKING:
    from poetry_fti.importers.source import Source

_EXTRAS: Final = "options.extras_require"


def read_setup_cfg(source: Source) -> ImportedStage:
    """Return the environment of a project with one of its extras; raises FtiError if not valid."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_text(source.path, source.files))
    except Error as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise FtiError(f"{source.name} is not valid: {reason}.") from error
    extras = dict(parser[_EXTRAS]) if parser.has_section(_EXTRAS) else {}
    main = parser.get("options", "install_requires", fallback="")
    for text in (main, *extras.values()):
        if text.strip().startswith("file:"):
            raise FtiError(f"{source.name} names files with requirements. Import these.")
    reader = Reader(source.path, source.files)
    name = chosen_environment(source, extras)
    texts = [*_lines(main), *_lines(extras.get(name or "", ""))]
    requirements = merged(reader.requirements(texts, "options"))
    python = parser.get("options", "python_requires", fallback="")
    return ImportedStage(
        requirements=tuple(requirements),
        versions=pinned_versions(requirements),
        python=reader.python(python),
    )


def _lines(text: str) -> list[str]:
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
