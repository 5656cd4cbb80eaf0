"""The instructions that create and select the image's user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import is_alpine
from poetry_fti.model.images.image import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model.lock import LockedStage

# The name of a user whom the configuration only gives a number.
ADDED_USER: Final = "app"
# /etc/shadow contains the day on which the user was created: a fixed one keeps builds reproducible.
_DAY: Final = 315532800
_ROOT: Final = ("root", "0")


def make_user(locked: LockedStage) -> Iterator[str]:
    """Yield the instruction that creates the user if the base image does not have it."""
    user = locked.stage.image.user
    if user in _ROOT:
        return
    name, uid = (ADDED_USER, user) if user.isdigit() else (user, Image().user)
    if is_alpine(locked):
        group = f"addgroup -g {uid} {name}"
        add = f"adduser -D -u {uid} -G {name} {name}"
    else:
        group = f"groupadd --gid {uid} {name}"
        options = f"--no-log-init --create-home --uid {uid} --gid {uid}"
        add = f"SOURCE_DATE_EPOCH={_DAY} useradd {options} {name}"
    yield f"RUN getent passwd {user} \\\n    || {{ {group} \\\n    && {add}; }}"


def use_user(locked: LockedStage) -> str:
    """Return the `USER` instruction."""
    user = locked.stage.image.user
    # hadolint warns about root, and about names, which Kubernetes cannot verify to be non-root.
    rules = ["DL3002"] * (user in _ROOT) + ["DL3066"] * (not user.isdigit())
    if not rules:
        return f"USER {user}"
    reason = f"# Set by {locked.stage.image_key('user')}."
    return f"{reason}\n# hadolint ignore={','.join(rules)}\nUSER {user}"
