"""The completion scripts for bash and zsh, which differ only in their interface to the shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from poetry_fti.commands.completion.candidates import COMMANDS, GLOBAL_OPTIONS
from poetry_fti.commands.completion.stage_lister import stage_lister

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.commands.completion.candidates import Candidates, Places

_SHARED: Final = """\
# Print the stages of the project that the words of a command line are about.
_poetry_fti_stages() {{
    {lister} "$@" 2>/dev/null
}}

# Print the candidates for a place, each followed by a tab and its description.
_poetry_fti_candidates() {{
    local place=$1
    shift
    case $place in
{cases}
    esac
}}

_poetry_fti_has_value() {{
    case $1 in
        {valued}) return 0 ;;
    esac
    return 1
}}

# Set `place` to that of a word, which follows the other words of the command line; fail if these
# do not begin with `poetry fti`.
_poetry_fti_place() {{
    local current=$1 word command='' option='' is_ours='' count=0
    shift 2
    for word in "$@"; do
        if [[ $word == '=' ]]; then
            continue  # bash splits --option=value
        elif [[ -n $option ]]; then
            option=''
        elif [[ $word == -* && ! ( $command == run && $count -gt 0 ) ]]; then
            if _poetry_fti_has_value "$word" || _poetry_fti_has_value "$command $word"; then
                option=$word
            fi
        elif [[ -z $is_ours ]]; then
            [[ $word == fti ]] || return 1
            is_ours=1
        else
            case $command in
                ''|{namespaces}) command="${{command:+$command }}$word" ;;
                *) count=$((count + 1)) ;;
            esac
        fi
    done
    [[ -n $is_ours ]] || return 1
    count=$((count + 1))
    if [[ -n $option ]]; then
        place="$command $option"
    elif [[ $current == --*=* ]]; then
        place="$command ${{current%%=*}}"
    elif [[ $current == -* ]]; then
        place=${{command:+$command -}}
        place=${{place:-{globals}}}
    else
        case $command in
            '') place='{commands}' ;;
            {namespaces}) place=$command ;;
            *) place="$command: $count" ;;
        esac
    fi
}}
"""

_BASH: Final = """\
# Completion of `poetry fti` for bash, written by `poetry fti completions bash`. All other command
# lines of Poetry are completed by the function that is registered when this file is sourced.

{shared}
_poetry_fti() {{
    local place prefix='' word current=${{COMP_WORDS[COMP_CWORD]}}
    [[ $current != '=' ]] || current=''
    if ! _poetry_fti_place "$current" "${{COMP_WORDS[@]:0:COMP_CWORD}}"; then
        [[ -z $_poetry_fti_others ]] || "$_poetry_fti_others" "$@"
        return
    fi
    if [[ $current == --*=* ]]; then
        prefix=${{current%%=*}}=
    fi
    COMPREPLY=()
    while IFS=$'\\t' read -r word _; do
        [[ $prefix$word != "$current"* ]] || COMPREPLY+=("$prefix$word")
    done < <(_poetry_fti_candidates "$place" "${{COMP_WORDS[@]}}")
}}

_poetry_fti_registered=$(complete -p poetry 2>/dev/null)
if [[ $_poetry_fti_registered =~ ' -F '([^ ]+) && ${{BASH_REMATCH[1]}} != _poetry_fti ]]; then
    _poetry_fti_others=${{BASH_REMATCH[1]}}
fi
complete -o default -F _poetry_fti poetry
"""

_ZSH: Final = """\
# Completion of `poetry fti` for zsh, written by `poetry fti completions zsh`. All other command
# lines of Poetry are completed by the function that is registered when this file is sourced.

{shared}
_poetry_fti() {{
    local place word description
    local -a found
    if ! _poetry_fti_place "${{words[CURRENT]}}" "${{(@)words[1,CURRENT-1]}}"; then
        ${{_poetry_fti_others:-_files}} "$@"
        return
    fi
    if [[ ${{words[CURRENT]}} == --*=* ]]; then
        compset -P '*='
    fi
    while IFS=$'\\t' read -r word description; do
        [[ -z $word ]] || found+=("$word${{description:+:$description}}")
    done < <(_poetry_fti_candidates "$place" "${{(@)words}}")
    if (( $#found )); then
        _describe 'poetry fti' found
    else
        _files
    fi
}}

if [[ ${{_comps[poetry]}} != _poetry_fti ]]; then
    _poetry_fti_others=${{_comps[poetry]}}
fi
compdef _poetry_fti poetry
"""


def bash(places: Places) -> str:
    """Return the completion script for bash."""
    return _BASH.format(shared=_shared(places))


def zsh(places: Places) -> str:
    """Return the completion script for zsh."""
    return _ZSH.format(shared=_shared(places))


def _shared(places: Places) -> str:
    return _SHARED.format(
        lister=stage_lister(),
        cases="\n".join(_cases(places)),
        valued=_alternatives(places.valued),
        namespaces=_alternatives(places.namespaces),
        commands=COMMANDS,
        globals=GLOBAL_OPTIONS,
    )


def _cases(places: Places) -> Iterator[str]:
    for place, candidates in places.candidates.items():
        yield f"        {_pattern(place)})"
        yield from _printed(candidates)
        if place.endswith(" -") and place != GLOBAL_OPTIONS:
            yield f"            _poetry_fti_candidates '{GLOBAL_OPTIONS}'"
        yield "            ;;"
    yield f'        {_alternatives(places.stages)}) _poetry_fti_stages "$@" ;;'


def _printed(candidates: Candidates) -> Iterator[str]:
    if candidates:
        words = (f"{shlex.quote(word)} {shlex.quote(text)}" for word, text in candidates)
        yield "            printf '%s\\t%s\\n' \\\n                " + (
            " \\\n                ".join(words)
        )


def _alternatives(places: Iterable[str]) -> str:
    return "|".join(map(_pattern, places))


def _pattern(place: str) -> str:
    """Return a place as a pattern of `case`, in which a final `*` stands for any number."""
    return f"'{place[:-1]}'*" if place.endswith("*") else f"'{place}'"
