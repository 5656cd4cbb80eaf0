"""Which accelerator each new stage is created for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.errors import ConfigError
from poetry_fti.wording import in_quotes, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.scaffold.presets import Preset


def split_accelerators(words: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Return the accelerator of all stages, or None, and those of single stages by their names.

    Each word is `ACCELERATOR` or `STAGE=ACCELERATOR`. Raises ConfigError for a word without one of
    the names, and for two different accelerators of one stage, or of all.
    """
    common: str | None = None
    single: dict[str, str] = {}
    for word in words:
        stage, equals, accelerator = word.rpartition("=")
        if not accelerator or (equals and not stage):
            message = f"{in_quotes(word)} is not an accelerator. Pass `--accelerator ACCELERATOR`"
            raise ConfigError(f"{message} or `--accelerator STAGE=ACCELERATOR`.")
        earlier = single.get(stage) if equals else common
        if earlier not in (None, accelerator):
            whose = f"the stage {in_quotes(stage)}" if equals else "all stages"
            message = f"Two accelerators are given for {whose}: {earlier} and {accelerator}."
            other = "" if equals else " Pass `--accelerator STAGE=ACCELERATOR` for single stages."
            raise ConfigError(message + (other or " Omit one of them."))
        if equals:
            single[stage] = accelerator
        else:
            common = accelerator
    return common, single


def choose_accelerators(
    presets: Sequence[tuple[str, Preset]], words: Sequence[str]
) -> Mapping[str, str | None]:
    """Return the accelerator of each new stage by its name; None for the preset's default.

    `presets` are the names of the stages with their presets; see `split_accelerators` for `words`.
    A stage's own accelerator takes precedence over that of all stages. Raises ConfigError also for
    a name that no new stage has, and where presets without accelerators make a word ineffective.
    """
    common, single = split_accelerators(words)
    if common and not any(preset.accelerators for _, preset in presets):
        raise ConfigError("None of the presets supports accelerators. Omit the option.")
    by_name = dict(presets)
    for stage, accelerator in single.items():
        if stage not in by_name:
            hint = suggestion(stage, by_name)
            known = ", ".join(by_name)
            message = f"--accelerator {stage}={accelerator}: no new stage is named"
            raise ConfigError(f"{message} {in_quotes(stage)}{hint} (new stages: {known}).")
        if not by_name[stage].accelerators:
            message = f"The preset {by_name[stage].name} of the stage {in_quotes(stage)} supports"
            raise ConfigError(f"{message} no accelerators. Omit `--accelerator {stage}=…`.")
    return {name: single.get(name, common) for name in by_name}
