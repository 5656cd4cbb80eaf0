"""Tables as text and Markdown."""

from __future__ import annotations

from poetry_fti.commands.shared.diff.tables import Table, markdown, markdown_lines, text_lines


def test_a_short_table_is_open() -> None:
    table = Table("Two <b>", ("Package", "Version"), [("a", "1"), ("long-name", "2")])
    assert list(text_lines(table)) == [
        "<b>Two \\<b></b>",
        "  <comment>Package    Version</comment>",
        "  a          1",
        "  long-name  2",
    ]
    assert list(markdown_lines(table)) == [
        "**Two &#60;b&#62;**",
        "",
        "| Package | Version |",
        "| --- | --- |",
        "| a | 1 |",
        "| long-name | 2 |",
    ]


def test_a_long_table_is_collapsed() -> None:
    rows = [(f"p{number}",) for number in range(11)]
    first, *_, last = markdown_lines(Table("Eleven", ("Package",), rows))
    assert first == "<details>\n<summary>Eleven</summary>"
    assert last == "\n</details>"


def test_text_is_no_markup_in_markdown() -> None:
    assert markdown("a|b @user #1 <i> `x` [y](z) ~=1.*\n\x1b") == (
        "a&#124;b &#64;user &#35;1 &#60;i&#62; &#96;x&#96;"
        " &#91;y&#93;(z) &#126;=1.&#42;&#92;n&#92;x1b"
    )
