"""Two stages, the releases that they are locked with, and those that are out later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from small_index import Releases

OLD: Final[Releases] = {"app 1.0": ["lib"], "lib 1.0": [], "mid 1.0": ["lib"], "zoo 1.0": []}
NEW: Final[Releases] = {
    **OLD,
    "app 2.0": ["lib>=2"],
    "lib 2.0": [],
    "mid 2.0": ["lib"],
    "zoo 2.0": ["more"],
    "more 1.0": [],
}
GROUPS: Final = {"feature": ["app", "zoo"], "training": ["lib", "mid"]}
AGREE: Final = "1 package is shared between stages, at the same version."

# A stage needs what a package forbids, unless an override allows it.
WRONG: Final[Releases] = {
    "app 1.0": ["lib<2", "mid"],
    "app 1.1": ["lib<2", "mid"],
    "mid 1.0": [],
    "lib 1.0": [],
    "lib 2.0": [],
    "lib 3.0": [],
}
OVERRIDES: Final = '[tool.fti.stages.feature.overrides]\nlib = "{}"\n[tool.fti.stages.training]\n'
BOTH: Final = {"feature": ["app", "lib>=2"], "training": ["app"]}
