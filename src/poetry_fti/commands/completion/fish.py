"""The completion script for fish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.commands.completion.candidates import COMMANDS, GLOBAL_OPTIONS
from poetry_fti.commands.completion.stage_lister import stage_lister

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.commands.completion.candidates import Candidates, Places

_FISH: Final = """\
# Completion of `poetry fti` for fish, written by `poetry fti completions fish`.

# Print the candidates for a place, each followed by a tab and its description.
function __poetry_fti_candidates
    switch $argv[1]
{cases}
    end
end

function __poetry_fti_has_value
    contains -- $argv[1] {valued}
end

# Print the place of the current word, or fail outside of `poetry fti`.
function __poetry_fti_place
    set -l command ''
    set -l option ''
    set -l is_ours ''
    set -l count 1
    set -l current (commandline -ct)
    for word in (commandline -opc)[2..-1]
        if test -n "$option"
            set option ''
        else if string match -q -- '-*' $word; and not test "$command" = run -a $count -gt 1
            if __poetry_fti_has_value $word; or __poetry_fti_has_value "$command $word"
                set option $word
            end
        else if test -z "$is_ours"
            test "$word" = fti; or return 1
            set is_ours 1
        else if contains -- "$command" '' {namespaces}
            set command (string trim -- "$command $word")
        else
            set count (math $count + 1)
        end
    end
    test -n "$is_ours"; or return 1
    if test -n "$option"
        echo "$command $option"
    else if string match -q -- '--*=*' $current
        echo "$command "(string replace -r '=.*' '' -- $current)
    else if string match -q -- '-*' $current; and test -n "$command"
        echo "$command -"
    else if string match -q -- '-*' $current
        echo '{globals}'
    else if test -z "$command"
        echo {commands}
    else if contains -- "$command" {namespaces}
        echo $command
    else
        echo "$command: $count"
    end
end

function __poetry_fti_is_used
    __poetry_fti_place >/dev/null
end

function __poetry_fti_complete
    set -l found (__poetry_fti_candidates (__poetry_fti_place) (commandline -opc))
    set -l prefix (string match -r -- '^--[^=]*=' (commandline -ct); or echo)
    if set -q found[1]
        printf '%s\\n' $prefix$found
    else
        __fish_complete_path (commandline -ct)
    end
end

# Other completions of Poetry do not apply to `poetry fti`, although they look for words in it.
set -l others (complete -c poetry | string match -v '*__poetry_fti_complete*')
complete -c poetry -e
for rule in $others
    set rule (string replace -r -- 'not __poetry_fti_is_used; and begin; (.*); end' '$1' $rule)
    string match -qr -- " -n ([^' ]+|'.*')\\$" $rule; or set rule "$rule -n true"
    set rule (string replace -r -- "^(.*) -n '?(.*?)'?\\$" \\
        "\\$1 -n 'not __poetry_fti_is_used; and begin; \\$2; end'" $rule)
    eval $rule
end
complete -c poetry -f -n __poetry_fti_is_used -a '(__poetry_fti_complete)'
"""


def fish(places: Places) -> str:
    """Return the completion script for fish."""
    return _FISH.format(
        cases="\n".join(_cases(places)),
        valued=_quoted(places.valued),
        namespaces=_quoted(places.namespaces),
        commands=COMMANDS,
        globals=GLOBAL_OPTIONS,
    )


def _cases(places: Places) -> Iterator[str]:
    for place, candidates in places.candidates.items():
        yield f"        case {_quoted([place])}"
        yield from _printed(candidates)
        if place.endswith(" -") and place != GLOBAL_OPTIONS:
            yield f"            __poetry_fti_candidates '{GLOBAL_OPTIONS}'"
    yield f"        case {_quoted(places.stages)}"
    yield f"            {stage_lister()} $argv[2..-1] 2>/dev/null"


def _printed(candidates: Candidates) -> Iterator[str]:
    if candidates:
        words = (_quoted(pair) for pair in candidates)
        yield "            printf '%s\\t%s\\n' \\\n                " + (
            " \\\n                ".join(words)
        )


def _quoted(words: Iterable[str]) -> str:
    escaped = (word.replace("\\", "\\\\").replace("'", "\\'") for word in words)
    return " ".join(f"'{word}'" for word in escaped)
