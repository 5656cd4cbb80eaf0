"""The keys of an image's table, and `env`, which a stage has as well."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.config.image.paths import (
    read_certificates,
    read_context,
    read_copy,
    read_dockerfile,
    read_template,
)
from poetry_fti.model.images.image import CODE_FORMS, INSTALLERS, Image

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from poetry_fti.config.table import Table
    from poetry_fti.model.images.healthcheck import Healthcheck
    from poetry_fti.model.images.image import Installer

IMAGE_KEYS: Final = (
    "name",
    "template",
    "context",
    "base",
    "dockerfile",
    "python",
    "installer",
    "installer-image",
    "syntax",
    "code",
    "ca-certificates",
    "run-before",
    "apt",
    "build-apt",
    "copy",
    "run-after",
    "user",
    "workdir",
    "env",
    "labels",
    "expose",
    "entrypoint",
    "command",
    "healthcheck",
)
# Names that Docker, Podman and registries all accept: an optional host, then lower-case parts.
_HOST: Final = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?"
_PART: Final = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_NAME: Final = rf"({_HOST}/)?{_PART}(/{_PART})*"
_REGISTRY: Final = rf"({_HOST}|{_PART})(/{_PART})*"
_LONGEST_NAME: Final = 255
_VARIABLE: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_APT_PACKAGE: Final = r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?(=[A-Za-z0-9.+:~*-]+)?"
_IMAGE_REFERENCE: Final = r"[A-Za-z0-9][A-Za-z0-9._/:@-]*"
_REFERENCE_OR_NONE: Final = f"({_IMAGE_REFERENCE})?"
# Names that useradd and adduser both accept, or a uid below those with a special meaning.
_USER: Final = r"[a-z_][a-z0-9_-]{0,31}|0|[1-9][0-9]{0,8}"
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?"
_PORT: Final = r"([1-9][0-9]{0,4})(?:/(tcp|udp|sctp))?"
_LAST_PORT: Final = 65535
_FOLDER: Final = r"(/[A-Za-z0-9_@+~-][A-Za-z0-9._@+~-]*)+"
_HERE_DOCUMENT: Final = r"(^|\s)\d*<<(?!<)"
_ENVIRONMENT: Final = PurePosixPath("/opt/venv")


def read_environment(table: Table) -> tuple[tuple[str, str], ...]:
    """Return the variables of the key `env` as pairs of name and value, sorted by name."""
    pairs = table.pairs("env")
    for name, _ in pairs:
        if not re.fullmatch(_VARIABLE, name):
            table.wrong("env", f'"{name}" is not a valid name of an environment variable')
    return pairs


def read_image(stage: Table) -> Image:
    """Return the image that the table `image` of a stage describes; problems are added to it."""
    return image_of(stage.child(stage.table("image"), "image", keys=IMAGE_KEYS))


def read_registry(table: Table) -> str | None:
    """Return the prefix of the key `registry` for names of images; None without one."""
    match = table.match("registry", _REGISTRY, 'is not a registry such as "ghcr.io/acme"')
    return match[0] if match else None


def image_of(table: Table) -> Image:
    """Return the image that a table with some of `IMAGE_KEYS` describes."""
    message = 'is not an image name without tag and digest, such as "ghcr.io/acme/credit-inference"'
    name = table.match("name", _NAME, message)
    if name and len(name[0]) > _LONGEST_NAME:
        table.wrong("name", f"has {len(name[0])} characters; at most {_LONGEST_NAME} are allowed")
    message = 'is not an image reference such as "python:3.12-slim"'
    base = table.match("base", _IMAGE_REFERENCE, message)
    expose = _expose(table)
    apt = _apt(table, "apt")
    return Image(
        name=name[0] if name else None,
        template=read_template(table),
        context=read_context(table),
        base=base[0] if base else None,
        dockerfile=read_dockerfile(table),
        apt=apt,
        build_apt=_apt(table, "build-apt", apt),
        copy=read_copy(table),
        ca_certificates=read_certificates(table),
        run_before=_commands(table, "run-before"),
        run_after=_commands(table, "run-after"),
        command=_words(table, "command"),
        entrypoint=_words(table, "entrypoint"),
        python=_python(table),
        installer=(installer := table.choice("installer", INSTALLERS) or "uv"),
        installer_image=_installer_image(table, installer),
        syntax=_reference_or_none(table, "syntax", "docker/dockerfile:1.18"),
        code=table.choice("code", CODE_FORMS) or "copy",
        user=_user(table),
        workdir=_workdir(table),
        env=read_environment(table),
        labels=_labels(table),
        expose=expose,
        healthcheck=_healthcheck(table, expose),
    )


def _healthcheck(table: Table, exposed: Sequence[str]) -> Healthcheck | None:
    if "healthcheck" not in table:
        return None
    from poetry_fti.config.image.health import read_healthcheck  # noqa: PLC0415 - rarely needed

    return read_healthcheck(table, exposed)


def _installer_image(table: Table, installer: Installer) -> str | None:
    if installer == "pip" and "installer-image" in table:
        message = 'has no effect with installer = "pip", which belongs to the Python of the base'
        table.wrong("installer-image", message)
    return _reference_or_none(table, "installer-image", "ghcr.io/astral-sh/uv:0.13")


def _reference_or_none(table: Table, key: str, example: str) -> str | None:
    """Return an image reference, or an empty string for no image; None for a missing key."""
    message = f'is not an image reference such as "{example}", or an empty string'
    match = table.match(key, _REFERENCE_OR_NONE, message)
    return match[0] if match else None


def _apt(table: Table, key: str, others: Collection[str] = ()) -> tuple[str, ...]:
    packages = table.distinct(key) or ()
    for index, package in enumerate(packages):
        if not re.fullmatch(_APT_PACKAGE, package):
            table.wrong(key, f'"{package}" is not a valid name of a Debian package', index=index)
        elif package in others:
            message = f'"{package}" is already in "apt", which is installed for the build as well'
            table.wrong(key, message, index=index)
    return tuple(sorted(set(packages)))


def _commands(table: Table, key: str) -> tuple[str, ...]:
    commands = table.strings(key) or ()
    for index, command in enumerate(commands):
        if not command.strip():
            table.wrong(key, "is empty; it must be a command", index=index)
        elif re.search(r"[\r\n\0]", command) or command.rstrip().endswith("\\"):
            table.wrong(key, "must be one line; join commands with &&", index=index)
        elif re.search(_HERE_DOCUMENT, command):
            table.wrong(key, "can't contain a here-document; copy a script and run it", index=index)
    return commands


def _words(table: Table, key: str) -> tuple[str, ...]:
    article = "an" if key.startswith("e") else "a"
    table.not_empty(key, f"an image without {article} {key}")
    words = table.strings(key) or ()
    table.require_program(key, words)
    return words


def _user(table: Table) -> str:
    user = table.word("user")
    if user is None:
        return Image().user
    if not re.fullmatch(_USER, user):
        table.wrong("user", f'"{user}" is not a user name or uid such as "worker" or 1000')
    return user


def _python(table: Table) -> str | None:
    message = (
        'must be the path of an interpreter in the base image, such as "/opt/conda/bin/python"'
    )
    match = table.match("python", _FOLDER, message)
    if match and "build-apt" in table:
        message = 'has no effect with "python": no virtual environment is built; use "apt"'
        table.wrong("build-apt", message)
    return match[0] if match else None


def _workdir(table: Table) -> PurePosixPath:
    message = 'must be an absolute path of letters, digits and ._@+~-, such as "/srv/app"'
    match = table.match("workdir", _FOLDER, message)
    if match is None:
        return Image().workdir
    path = PurePosixPath(match[0])
    if path.is_relative_to(_ENVIRONMENT):
        table.wrong("workdir", f'"{path}" is where packages are installed; choose another folder')
    return path


def _labels(table: Table) -> tuple[tuple[str, str], ...]:
    pairs = table.pairs("labels")
    for name, _ in pairs:
        if not re.fullmatch(_LABEL, name):
            table.wrong("labels", f'"{name}" is not a label name such as "com.example.team"')
        elif name.startswith("poetry-fti."):
            table.wrong("labels", f'"{name}" is set by poetry-fti; choose another name')
    return pairs


def _expose(table: Table) -> tuple[str, ...]:
    ports: list[str] = []
    for index, word in enumerate(table.words("expose")):
        match = re.fullmatch(_PORT, word)
        if match is None or int(match[1]) > _LAST_PORT:
            table.wrong("expose", f'"{word}" is not a port such as 8000 or "8125/udp"', index=index)
            continue
        port = word.removesuffix("/tcp")
        if port in ports:
            table.wrong("expose", f'"{word}" is listed twice', index=index)
        ports.append(port)
    return tuple(ports)
