"""Pickles, compressed or not, also those of joblib: what they refer to, without loading them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.distributions import distributions
from poetry_fti.models.inflated import inflated, is_compressed
from poetry_fti.models.pickles.findings import Findings
from poetry_fti.models.pickles.machine import Machine
from poetry_fti.models.pickles.unsafe_globals import is_unsafe

if TYPE_CHECKING:
    from io import BufferedReader

_NEWEST_PROTOCOL: Final = 5
# Protocols 0 and 1 have no magic number. A pickle begins with a mark, an empty collection, or the
# names of a class and a further instruction, which distinguishes it from a list of packages.
_WITHOUT_PROTOCOL: Final = re.compile(
    rb"\(|[}\])]q\x00|[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n(?:p\d+\n|q\x00|[()\]}])"
)


def is_pickle(head: bytes) -> bool:
    """Return whether a file that begins with `head` is a pickle, perhaps compressed."""
    has_protocol = len(head) > 1 and head[0] == 0x80 and head[1] <= _NEWEST_PROTOCOL  # noqa: PLR2004
    return has_protocol or bool(_WITHOUT_PROTOCOL.match(head)) or is_compressed(head)


def read_pickle(file: BufferedReader, head: bytes) -> ModelRecord:
    """Return what a pickle refers to and the versions that are recorded in it.

    Its instructions are read, and none has an effect: no module is imported, no object constructed.
    """
    file.seek(0)
    findings = Findings()
    Machine(inflated(file, head) if is_compressed(head) else file, findings).run()
    return _record(findings)


def _record(found: Findings) -> ModelRecord:
    versions = dict(sorted(found.versions.items()))
    modules = {each.module for each in found.globals}
    packages = distributions([*modules, *found.modules, *found.formats])
    unsafe = {str(each) for each in found.globals if is_unsafe(each.module, each.name)}
    return ModelRecord(
        kind="pickle",
        versions=versions,
        packages=tuple(package for package in packages if package not in versions),
        implied=_implied(found, modules),
        formats=found.formats,
        globals=tuple(sorted({str(each) for each in found.globals})),
        unsafe=(*sorted(unsafe), *sorted(found.computed)),
    )


def _implied(found: Findings, modules: set[str]) -> dict[str, str]:
    implied = {"python": found.python} if found.python else {}
    # numpy 2 has renamed its private package.
    if any(f"{module}.".startswith("numpy._core.") for module in modules):
        implied["numpy"] = ">=2"
    elif any(f"{module}.".startswith("numpy.core.") for module in modules):
        implied["numpy"] = "<2"
    return implied
