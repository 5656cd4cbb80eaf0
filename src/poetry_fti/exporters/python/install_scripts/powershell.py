"""install.ps1: for Windows PowerShell 5.1, and PowerShell 7 on every system."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.python.install_scripts.content import (
    MISSING_PATH,
    other_platform,
    usage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.exporters.python.install_scripts.content import Installation, ScriptContent

# PowerShell accepts each of these characters as the end of a string.
_QUOTES: Final = re.compile("['\u2018\u2019\u201a\u201b]")
# Without it, Windows PowerShell reads a file in the system's legacy encoding, in which bytes of a
# letter can be a quote.
_BYTE_ORDER_MARK: Final = "\ufeff# UTF-8 with a byte order mark, for Windows PowerShell.\n"
_START: Final = """\
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
# Windows PowerShell quotes a path that contains a space and ends in a backslash incorrectly.
$Environment = $Environment -replace '(?<=[^:\\\\/])[\\\\/]+$'

function Stop-Script([string]$Message) {
    [Console]::Error.WriteLine($Message)
    exit 1
}

function Invoke-Program([string]$Program, [string[]]$Arguments) {
    & $Program @Arguments
    if ($LASTEXITCODE) { exit $LASTEXITCODE }
}

function Test-Program([string]$Program, [string[]]$Arguments, [string]$Text) {
    # With 'Stop', Windows PowerShell ends a script whose programs write to a redirected stderr.
    $ErrorActionPreference = 'Continue'
    try {
        $Text | & $Program @Arguments 2>$null | Out-Null
    } catch {
        return $false
    }
    return $LASTEXITCODE -eq 0
}

function Write-File([string]$Name, [string]$Text) {
    $path = Join-Path (Resolve-Path -LiteralPath $Environment).ProviderPath $Name
    [IO.File]::WriteAllText($path, "$Text`n")
    $path
}
"""
_FIND_PYTHON: Final = """\
function Test-Python([string[]]$Words) {
    $program, $options = $Words[0], @($Words | Select-Object -Skip 1)
    Test-Program $program ($options + @('-I', '-')) $pythonCheck
}

# The launcher must not install a Python that is missing.
$env:PYTHON_MANAGER_AUTOMATIC_INSTALL = 'false'
if ($env:PYTHON) {
    $python = @($env:PYTHON)
    if (-not (Test-Python $python)) { Stop-Script "$env:PYTHON is not a Python $requiresPython." }
} else {
    $candidates = %s
    $python = $candidates | Where-Object { Test-Python ($_.Split(' ')) } | Select-Object -First 1
    if (-not $python) {
        Stop-Script "No Python $requiresPython is on PATH. Install one, or set PYTHON to its path."
    }
    $python = @($python.Split(' '))
}
$program, $options = $python[0], @($python | Select-Object -Skip 1)
"""
_CREATE: Final = """\
$isEnvironment = Test-Path -LiteralPath (Join-Path $Environment 'pyvenv.cfg')
if ((Test-Path -LiteralPath $Environment) -and -not $isEnvironment) {
    Stop-Script "$Environment exists, and is not a virtual environment. Name another folder."
}
Invoke-Program $program ($options + @('-m', 'venv', '--clear', $Environment))
$folder = if ($env:OS -eq 'Windows_NT') { 'Scripts' } else { 'bin' }
$own = Join-Path (Join-Path $Environment $folder) 'python'
"""
_CONSTRAIN: Final = """\
# pip before 25.3 only reads the variable.
$words = @('-m', 'pip', 'install', '--build-constraint', $constraints, '--help')
if (Test-Program $own $words) {
    $env:PIP_BUILD_CONSTRAINT = $constraints
} else {
    $env:PIP_CONSTRAINT = $constraints
}
"""


def powershell_script(content: ScriptContent, path: str) -> str:
    """Return the text of install.ps1; `path` is its path, relative to the project's root."""
    text = "\n".join(_blocks(content, path))
    return text if text.isascii() else _BYTE_ORDER_MARK + text


def _blocks(content: ScriptContent, path: str) -> Iterator[str]:
    comment = usage(content, f"powershell -ExecutionPolicy Bypass -File {path}")
    environment = _quoted(f".venv-{content.stage}")
    yield f"{content.header}\n{comment}param([string]$Environment = {environment})\n"
    yield _START
    yield from _local_paths(content)
    yield f"$requiresPython = {_quoted(content.requires_python)}\n" + _here(
        "$pythonCheck =", content.python_check
    )
    names = ["python", "python3", *(f"py -{minor}" for minor in content.minors)]
    yield _FIND_PYTHON % ", ".join(map(_quoted, names))
    yield from _platform(content)
    yield _CREATE
    if content.constraints:
        write = "$constraints = Write-File 'build-constraints.txt'"
        yield _here(write, content.constraints) + _CONSTRAIN
    yield from map(_install, content.installations)
    yield (
        "$activate = Join-Path (Join-Path $Environment $folder) 'Activate.ps1'\n"
        "\"Created $Environment. Activate it with: & '$activate'\"\n"
    )


def _local_paths(content: ScriptContent) -> Iterator[str]:
    if content.paths:
        yield (
            f"foreach ($path in {', '.join(map(_quoted, content.paths))}) {{\n"
            f"    if (-not (Test-Path -LiteralPath $path)) {{ Stop-Script {MISSING_PATH} }}\n}}\n"
        )


def _platform(content: ScriptContent) -> Iterator[str]:
    if content.platform_check:
        yield (
            _here("$platformCheck =", content.platform_check)
            + "if (-not (Test-Program $program ($options + @('-I', '-')) $platformCheck)) {\n"
            + f"    Stop-Script {_quoted(other_platform(content))}\n}}\n"
        )


def _install(each: Installation) -> str:
    words = [
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-deps",
        *each.options,
        "-r",
    ]
    return (
        _here(f"$requirements = Write-File {_quoted(each.name)}", each.text)
        + f"Invoke-Program $own @({', '.join(map(_quoted, words))}, $requirements)\n"
    )


def _quoted(text: str) -> str:
    """Return a string literal in which PowerShell expands no variables."""
    return "'" + _QUOTES.sub(lambda found: found[0] * 2, text) + "'"


def _here(command: str, text: str) -> str:
    """Return a command followed by lines of text in which PowerShell expands no variables."""
    return f"{command} @'\n{text}'@\n"
