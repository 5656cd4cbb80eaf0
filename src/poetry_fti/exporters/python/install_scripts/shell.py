"""install.sh: for every POSIX shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.python.install_scripts.content import (
    MISSING_PATH,
    other_platform,
    usage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.exporters.python.install_scripts.content import Installation, ScriptContent

_MESSAGES: Final = """\
fail() {
    printf '%s\\n' "$1" >&2
    exit 1
}
"""
_FIND_PYTHON: Final = """\
if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
    python_fits "$python" || fail "$python is not a Python $requires_python."
else
    python=
    for candidate in %s; do
        if python_fits "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        fail "No Python $requires_python is on PATH. Install one, or set PYTHON to its path."
    fi
fi
"""
_CREATE: Final = """\
if [ -e "$environment" ] && [ ! -f "$environment/pyvenv.cfg" ]; then
    fail "$environment exists, and is not a virtual environment. Name another folder."
fi
"$python" -m venv --clear "$environment"

pip_install() {
    "$environment/bin/python" -m pip install --disable-pip-version-check "$@"
}
"""
_DONE: Final = """\
activate=$environment/bin/activate
printf "Created %s. Activate it with: . '%s'\\n" "$environment" "$activate"
"""
_CONSTRAIN: Final = """\
# pip before 25.3 only reads the variable.
constraints=$environment/build-constraints.txt
if pip_install --build-constraint "$constraints" --help >/dev/null 2>&1; then
    export PIP_BUILD_CONSTRAINT="$constraints"
else
    export PIP_CONSTRAINT="$constraints"
fi
"""


def shell_script(content: ScriptContent, path: str) -> str:
    """Return the text of install.sh; `path` is its path, relative to the project's root."""
    return "\n".join(_blocks(content, path))


def _blocks(content: ScriptContent, path: str) -> Iterator[str]:
    yield f"#!/bin/sh\n{content.header}\n{usage(content, f'sh {path}')}set -eu\n"
    yield _MESSAGES
    yield from _local_paths(content)
    yield (
        f"environment=${{1:-{shlex.quote(f'.venv-{content.stage}')}}}\n"
        f"requires_python={shlex.quote(content.requires_python)}\n"
    )
    check = _here('"$1" -I - 2>/dev/null', content.python_check, "PYTHON")
    yield f'python_fits() {{\n    command -v "$1" >/dev/null 2>&1 || return 1\n    {check}}}\n'
    names = ["python3", "python", *(f"python{minor}" for minor in content.minors)]
    yield _FIND_PYTHON % " ".join(names)
    yield from _platform(content)
    yield _CREATE
    if content.constraints:
        target = '"$environment/build-constraints.txt"'
        yield _here(f"cat >{target}", content.constraints, "CONSTRAINTS") + _CONSTRAIN
    yield from map(_install, content.installations)
    yield _DONE


def _local_paths(content: ScriptContent) -> Iterator[str]:
    check = f'[ -e "$path" ] || fail {MISSING_PATH}\n'
    if len(content.paths) == 1:
        yield f"path={shlex.join(content.paths)}\n{check}"
    elif content.paths:
        yield f"for path in {shlex.join(content.paths)}; do\n    {check}done\n"


def _platform(content: ScriptContent) -> Iterator[str]:
    if content.platform_check:
        failing = f" || fail {shlex.quote(other_platform(content))}"
        yield _here('"$python" -I -', content.platform_check, "PYTHON", failing)


def _install(each: Installation) -> str:
    target = f'"$environment/{each.name}"'
    words = ["pip_install", "--no-deps", *each.options, "-r", target]
    return _here(f"cat >{target}", each.text, "REQUIREMENTS") + f"{' '.join(words)}\n"


def _here(command: str, text: str, word: str, after: str = "") -> str:
    """Return a command with a text as its input, in which the shell expands no variables.

    `after` follows the command in its line.
    """
    return f"{command} <<'{word}'{after}\n{text}{word}\n"
