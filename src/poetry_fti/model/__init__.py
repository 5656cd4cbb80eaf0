"""The data that the packages of poetry-fti exchange: stages, platforms and locked packages."""

from __future__ import annotations

from poetry_fti.model.check import CHECKS, SEVERITIES, CheckSettings, Severity, Waiver
from poetry_fti.model.constraint import Constraint
from poetry_fti.model.dependency_graph import Dependency, DependencyGraph, DependentPackage
from poetry_fti.model.formats import FORMATS, OUTSIDE, format_folder
from poetry_fti.model.image import (
    CODE_FORMS,
    INSTALLERS,
    CodeForm,
    Healthcheck,
    HttpProbe,
    Image,
    Installer,
)
from poetry_fti.model.installed import Damage, Installed, InstalledFrom, InstalledPackage
from poetry_fti.model.lock import (
    Code,
    Layer,
    License,
    LicenseMetadata,
    LockedFile,
    LockedPackage,
    LockedStage,
    Requirement,
)
from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.model.login import Login
from poetry_fti.model.model_record import ModelRecord, Stamp
from poetry_fti.model.origins import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    Origin,
    UrlOrigin,
)
from poetry_fti.model.platforms import (
    PLATFORMS,
    USUAL_PLATFORMS,
    Architecture,
    Libc,
    OperatingSystem,
    Platform,
    Targets,
)
from poetry_fti.model.problem import Problem
from poetry_fti.model.rule import LEVELS, Level, Rule
from poetry_fti.model.stage import (
    KINDS,
    RUNNERS,
    Hopsworks,
    Kind,
    Pipeline,
    Resources,
    Runner,
    Stage,
)

__all__ = [
    "CHECKS",
    "CODE_FORMS",
    "FORMATS",
    "INSTALLERS",
    "KINDS",
    "LEVELS",
    "OUTSIDE",
    "PLATFORMS",
    "RUNNERS",
    "SEVERITIES",
    "USUAL_PLATFORMS",
    "Architecture",
    "CheckSettings",
    "Code",
    "CodeForm",
    "Constraint",
    "Damage",
    "Dependency",
    "DependencyGraph",
    "DependentPackage",
    "DirectoryOrigin",
    "FileOrigin",
    "GitOrigin",
    "Healthcheck",
    "Hopsworks",
    "HttpProbe",
    "Image",
    "IndexOrigin",
    "Installed",
    "InstalledFrom",
    "InstalledPackage",
    "Installer",
    "Kind",
    "Layer",
    "Level",
    "Libc",
    "License",
    "LicenseMetadata",
    "LockedFile",
    "LockedPackage",
    "LockedStage",
    "LockedVersion",
    "Login",
    "ModelRecord",
    "OperatingSystem",
    "Origin",
    "Pipeline",
    "Platform",
    "Problem",
    "Requirement",
    "Resources",
    "Rule",
    "Runner",
    "Severity",
    "Stage",
    "Stamp",
    "Targets",
    "UrlOrigin",
    "Waiver",
    "format_folder",
]
