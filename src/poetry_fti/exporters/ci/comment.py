"""The comment with the changes of the locks, which the jobs of all CI systems write."""

from __future__ import annotations

from typing import Final

from poetry_fti.exporters.shared.yaml_text import Script

_DIFF: Final = "fti-diff"
# The first line of the comment, by which later runs find it; it is not displayed.
_MARKER: Final = "<!-- poetry-fti diff -->"
# GitHub accepts 65,536 characters.
_LONGEST: Final = 65_000

DIFF_COMMANDS: Final = tuple(
    f'poetry fti diff --since "$SINCE" --format {form} > {_DIFF}.{ending}'
    for form, ending in (("json", "json"), ("markdown", "md"))
)


def comment_script(
    *, header: str, comments: str, comment: str, update: str, details: str
) -> Script:
    """Return a shell script that writes the output of `DIFF_COMMANDS` to a comment.

    The comment is created when a lock has changed, and updated by later runs. It consists of a link
    to `details` if it would be too long.

    Args:
        header: the HTTP header with the token.
        comments: the URL at which comments are listed and created.
        comment: the URL of a comment, without `/` and its number.
        update: the HTTP method that replaces a comment.
        details: the URL of the page that has all changes.
    """
    return Script(
        f"""\
COMMENTS="{comments}"
COMMENT="{comment}"
DETAILS="{details}"
api() {{
  curl --silent --show-error --fail --fail-early --retry 3 \\
    --header "{header}" "$@"
}}
if [ "$(wc -c < {_DIFF}.md)" -gt {_LONGEST} ]; then
  echo "The locks have [too many changes]($DETAILS) for a comment." > {_DIFF}.md
fi
echo '{_MARKER}' | cat - {_DIFF}.md | jq -R -s '{{body: .}}' > fti-comment.json
api "$COMMENTS?per_page=100&page=[1-5]" > fti-comments.json
ID="$(jq '.[] | select(.body | startswith("{_MARKER}")).id' fti-comments.json | head -n 1)"
if [ -n "$ID" ]; then
  api --output fti-answer.json --request {update} --json @fti-comment.json "$COMMENT/$ID"
elif jq -e 'any(.stages[]; .state != "unchanged")' {_DIFF}.json > fti-answer.json; then
  api --output fti-answer.json --json @fti-comment.json "$COMMENTS"
fi
"""
    )
