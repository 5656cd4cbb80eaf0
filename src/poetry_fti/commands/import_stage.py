"""`poetry fti import`: create or extend a stage from files of other tools."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument, option

from poetry_fti.commands.shared.console import error, escape, feedback_of, guarded, project_folder
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.questions import AskingCommand
from poetry_fti.commands.shared.reports.discovery import discovery_lines
from poetry_fti.commands.shared.reports.lock import report_locking
from poetry_fti.errors import DONE, FAILED, ConfigError, FtiError
from poetry_fti.model.stage import KINDS
from poetry_fti.operations.importing.discover import discover
from poetry_fti.operations.importing.plan import ImportRequest, plan_import
from poetry_fti.operations.importing.run import (
    import_and_lock,
    other_versions,
    write_import,
)
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from poetry.poetry import Poetry

    from poetry_fti.model.stage import Kind
    from poetry_fti.operations.importing.plan import ImportPlan
    from poetry_fti.operations.importing.run import ImportedLock


class ImportCommand(AskingCommand):
    """Creates or extends a stage from files of other tools."""

    name = "fti import"
    description = (
        "Creates or extends a stage from requirements.txt, environment.yml and similar files."
    )
    arguments: ClassVar[list[Argument]] = [
        argument("stage", "The name of the stage.", optional=True),
        argument(
            "source",
            "The files to import; FILE:NAME for one of the environments in a file.",
            optional=True,
            multiple=True,
        ),
    ]
    options: ClassVar[list[Option]] = [
        option(
            "python",
            None,
            "Import the packages of this Python or environment; with files, only their versions.",
            flag=False,
        ),
        option("discover", None, "Find the files to import, and propose a stage for each."),
        option("kind", None, f"The kind of a new stage: {joined(KINDS, 'or')}.", flag=False),
        option("pinned", None, "Keep exact versions instead of making them lower bounds."),
        option("no-lock", None, "Do not lock the stage."),
        option("dry-run", None, "Show what would change in pyproject.toml without writing files."),
    ]
    help = """\
Adds the requirements of the files to the stage's dependency group in
<comment>pyproject.toml</comment>, with their indexes, Python, platforms and environment variables,
and locks the stage. Exact versions become lower bounds, and are tried first when locking. If the
stage cannot be locked, no file is changed.

<info>poetry fti import training requirements.txt</info>
<info>poetry fti import serving --kind inference api/requirements.txt --dry-run</info>
<info>poetry fti import --discover</info>"""

    @guarded
    @exclusive(unless=("dry-run",))
    def handle(self) -> int:
        """Plan the import, then write and lock it, or show it."""
        stage: str | None = self.argument("stage")
        if self.option("discover"):
            return self._discover(stage)
        if stage is None:
            raise ConfigError(
                "No stage is named. Run `poetry fti import STAGE SOURCE`, or `poetry fti import"
                " --discover` to find what can be imported."
            )
        request = ImportRequest(
            stage=stage,
            sources=self.argument("source"),
            python=self.option("python"),
            kind=self._kind(),
            pinned=self.option("pinned"),
        )
        return self._import(request, Path.cwd())

    def _discover(self, stage: str | None) -> int:
        """Show which files are for which stages and, after confirmation, import them."""
        if stage is not None or self.option("kind") or self.option("python"):
            raise ConfigError(
                "`--discover` finds files and stages itself. Leave out the stage, `--kind` and"
                " `--python`."
            )
        folder = project_folder(self)
        found = discover(folder)
        for line in discovery_lines(found):
            self.line(line)
        if not found.proposals or self.option("dry-run"):
            return DONE
        asking = self.io.is_interactive()
        if asking and not self.confirm("Import these files?", default=True):
            self.line_error("<error>Command aborted</error>")
            return FAILED
        requests = [
            ImportRequest(
                stage=each.stage,
                sources=[str(each.candidate)],
                kind=each.kind,
                pinned=self.option("pinned"),
            )
            for each in found.proposals
        ]
        return max(self._attempted(each, folder) for each in requests)

    def _attempted(self, request: ImportRequest, folder: Path) -> int:
        """Import one of several stages; an error is printed, so that the others are imported."""
        try:
            return self._import(request, folder)
        except FtiError as failure:
            error(self.io, f"{request.stage}: {failure}")
            return failure.exit_code

    def _import(self, request: ImportRequest, start: Path) -> int:
        folder = project_folder(self)
        plan = plan_import(folder, request, start)
        for note in plan.notes:
            self.line(f"- {escape(note)}")
        if self.option("dry-run"):
            return self._show(plan)
        if self.option("no-lock"):
            write_import(folder, plan)
            self._report(plan)
            self.line(f"Lock it with <info>poetry fti lock {escape(plan.stage)}</info>.")
            return DONE
        return self._lock(folder, plan)

    def _kind(self) -> Kind | None:
        wanted: str | None = self.option("kind")
        if wanted is not None and wanted not in KINDS:
            raise ConfigError(f'Unknown kind "{wanted}" (known: {", ".join(KINDS)}).')
        return wanted

    def _show(self, plan: ImportPlan) -> int:
        before, after = (plan.before or "").splitlines(), plan.text.splitlines()
        for line in list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]:
            self.line(escape(line))
        if plan.imported.indirect and not self.option("no-lock"):
            self.line(
                "Packages that the lock lacks because the files do not record extras would become"
                " requirements, too."
            )
        self.line("Dry run: no file was written.")
        return DONE

    def _report(self, plan: ImportPlan) -> None:
        if plan.text == plan.before:
            self.line(f"<c1>{escape(plan.stage)}</c1> has all that is imported already.")
            return
        done = "Created" if plan.is_new else "Extended"
        self.line(f"{done} the stage <c1>{escape(plan.stage)}</c1>.")

    def _lock(self, folder: Path, plan: ImportPlan) -> int:
        application = self.get_application()

        def create(_: Path) -> Poetry:
            # Poetry has to read the sources that the import adds.
            application.reset_poetry()
            return application.poetry

        done = import_and_lock(folder, plan, create, feedback_of(self))
        code = report_locking(self, done.project, done.results)
        if not done.is_done:
            error(
                self.io,
                "No file was changed. To correct the requirements in pyproject.toml, import them"
                " with `--no-lock`.",
            )
            return code
        self._report(done.plan)
        self._report_versions(done)
        return code

    def _report_versions(self, done: ImportedLock) -> None:
        plan = done.plan
        (stage,) = done.project.select([plan.stage])
        for name, before, locked in other_versions(plan, stage.versions):
            self.line(f"  {escape(name)} {escape(locked)}, not {escape(before)}")
        why = "without an extra", "the imported files do not record extras"
        if names := done.added:
            nouns = ("a requirement", "it") if len(names) == 1 else ("requirements", "them")
            self.line(
                f"{escape(joined(names))} became {nouns[0]}: no other package requires {nouns[1]}"
                f" {why[0]}, and {why[1]}."
            )
        if names := done.missing:
            verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
            add = escape(f"poetry fti add {plan.stage} {' '.join(names)}")
            self.line(
                f"{escape(joined(names))} {verb} not locked: no other package requires {them}"
                f" {why[0]}, {why[1]}, and the stage cannot be locked with {them}."
                f" Run <info>{add}</info> for the reason."
            )
