"""The instructions that make an image and its build trust further certificate authorities."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.quoting import assignments, copy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model.lock import LockedStage

# From here Debian and Alpine renew the bundle when they install the package ca-certificates.
_FOLDER: Final = "/usr/local/share/ca-certificates"
_BUNDLE: Final = "/etc/ssl/certs/ca-certificates.crt"
# The bundles of systems that have none under Debian's name: Red Hat, SUSE.
_OTHERS: Final = "/etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem"
_COMMANDS: Final = (
    "mkdir -p /etc/ssl/certs",
    f"{{ test -e {_BUNDLE} \\\n        || cat {_OTHERS} > {_BUNDLE} 2> /dev/null || true; }}",
)


def certificates(locked: LockedStage) -> Iterator[str]:
    """Yield the instructions for `ca-certificates`, which apply to builder and image.

    The certificates are appended to the system's bundle, which programs of the system read, and
    the variables make uv, pip and Python's HTTP libraries read it as well.
    """
    paths = locked.stage.image.ca_certificates
    if not paths:
        return
    targets = [f"{_FOLDER}/{path.stem}.crt" for path in paths]
    reason = f"# Set by {locked.stage.image_key('ca-certificates')}."
    sources = [in_context(locked, path) for path in paths]
    copies = (copy(*each, link=False) for each in zip(sources, targets, strict=True))
    yield "\n".join([reason, *copies])
    words = " ".join(map(shlex.quote, targets))
    # A file need not end in a line break.
    append = f'for file in {words}; do \\\n        echo && cat "$file" || exit 1; done >> {_BUNDLE}'
    yield "RUN " + " \\\n    && ".join([*_COMMANDS, append])
    variables = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    yield assignments("ENV", dict.fromkeys(variables, f'"{_BUNDLE}"'))
