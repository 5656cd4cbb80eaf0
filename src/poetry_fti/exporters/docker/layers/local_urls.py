"""Images with packages from URLs of the machine that the stage was locked on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.layers.wheels import linux_platforms
from poetry_fti.model.origins import GitOrigin, IndexOrigin, UrlOrigin
from poetry_fti.urls import public_git_url, public_url
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedPackage, LockedStage

_SCHEME: Final = "file:"


def local_urls(locked: LockedStage) -> str:
    """Return a warning about packages from `file:` URLs; else an empty string.

    A build cannot read files of the machine outside of its context. Path dependencies are copied.
    """
    if not linux_platforms(locked):
        return ""
    urls = {package.name: _url(package) for package in locked.packages}
    found = {name: url for name, url in urls.items() if url.lower().startswith(_SCHEME)}
    if not found:
        return ""
    comes, it, what = (
        ("comes", "it", "a path dependency")
        if len(found) == 1
        else ("come", "them", "path dependencies")
    )
    return (
        f"{joined(found)} in the image of {locked.stage.name} {comes} from"
        f" {joined(dict.fromkeys(found.values()))}, which a build can read only if the base image"
        f" contains {it}. Require {it} from a server, or as {what}."
    )


def _url(package: LockedPackage) -> str:
    match package.origin:
        case GitOrigin(url):
            return public_git_url(url)
        case UrlOrigin(url):
            return public_url(url)
        case IndexOrigin(_, url):
            return public_url(url or "")
    return ""
