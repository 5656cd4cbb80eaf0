"""The text of an SBOM: a stage's components, and how they depend on each other."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion

from poetry_fti.exporters.sbom.base_image import base_component
from poetry_fti.exporters.sbom.packages import package_components
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.images import normalized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from poetry_fti.exporters.sbom.packages import PackageComponent
    from poetry_fti.model.lock import LockedStage, Requirement

_TOOL: Final = "poetry-fti"
# In this order, so that the comment on the file's origin is in its first lines.
_FIRST: Final = ("properties", "$schema", "bomFormat", "specVersion", "serialNumber", "version")


def sbom_text(locked: LockedStage) -> str:
    """Return the SBOM of a stage as JSON; raises FtiError if its base image does not fit it."""
    outputter = make_outputter(_bom(locked), OutputFormat.JSON, SchemaVersion.V1_6)
    with warnings.catch_warnings():
        # A stage may have no requirement that applies on its platforms.
        warnings.filterwarnings("ignore", ".*has no defined dependencies", UserWarning)
        document = json.loads(outputter.output_as_string())
    # The library adds the current time and a random number.
    del document["metadata"]["timestamp"], document["serialNumber"]
    document["serialNumber"] = uuid5(NAMESPACE_URL, json.dumps(document, sort_keys=True)).urn
    ordered = {key: document.pop(key) for key in _FIRST} | document
    return json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"


def _bom(locked: LockedStage) -> Bom:
    packages = package_components(locked)
    base = base_component(locked)
    root = _root(locked)
    bom = Bom(
        properties=[Property(name="poetry-fti:source", value=header(locked).removeprefix("# "))],
        metadata=BomMetaData(
            component=root,
            lifecycles=[PredefinedLifecycle(LifecyclePhase.PRE_BUILD)],
            tools=ToolRepository(
                components=[Component(name=_TOOL, type=ComponentType.APPLICATION)]
            ),
        ),
        components=[*([base] if base else []), *(each.component for each in packages)],
    )
    direct = _resolved(locked.requirements, packages)
    bom.register_dependency(root, [*([base] if base else []), *direct])
    for each in packages:
        own = _resolved(each.package.requires, packages)
        bom.register_dependency(each.component, [dep for dep in own if dep is not each.component])
    return bom


def _root(locked: LockedStage) -> Component:
    # Without the digest of the lock, which also changes with packages for development.
    stage = locked.stage
    name = normalized(f"{locked.project} {stage.name}")
    facts = {
        "stage": stage.name,
        "kind": stage.kind,
        "requires-python": locked.requires_python,
        "platforms": " ".join(map(str, stage.targets.platforms)),
    }
    return Component(
        name=name,
        type=ComponentType.APPLICATION,
        bom_ref=f"stage:{stage.name}",
        properties=[
            Property(name=f"{_TOOL}:{key}", value=value) for key, value in facts.items() if value
        ],
    )


def _resolved(
    requirements: Iterable[Requirement], packages: Sequence[PackageComponent]
) -> Iterator[Component]:
    """Yield the components that satisfy requirements.

    An override or a constraint may have locked a version that no requirement allows.
    """
    for requirement in requirements:
        named = [each for each in packages if each.package.name == requirement.name]
        allowed = [each for each in named if requirement.allows(each.package.version)]
        yield from (each.component for each in allowed or named)
