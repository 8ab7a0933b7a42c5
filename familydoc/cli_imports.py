"""The command `import roster`."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext

from familydoc.actions.imports import import_roster
from familydoc.actions.imports_judge import Batch
from familydoc.formats.excel import write_workbook
from familydoc.formats.excel_guard import MAX_BYTES, refusal
from familydoc.labels import word
from familydoc.rules.errors import RuleError
from familydoc.rules.roster_sheet import MEND_COLUMNS


@click.group("import")
def import_group() -> None:
    """Bring in what provincial systems export."""


@import_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Judge every row and record nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Save the refused rows as a workbook to mend and import again.",
)
@with_appcontext
def roster(file: Path, dry_run: bool, as_json: bool, refused: Path | None) -> None:
    """Import a roster: every row judged, all accepted ones recorded at once, or none."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise refusal("workbook_too_large")
        rows = Refused()
        content = file.read_bytes()
        counts = import_roster(by=None, content=content, dry_run=dry_run, tell=rows.keep)
        if refused:
            refused.write_bytes(rows.workbook())
    except RuleError as unread:
        refuse(unread.message)
    except OSError as broken:
        refuse(f"文件读不了（{broken.strerror}），请检查路径和权限。")
    click.echo(json.dumps(counts, ensure_ascii=False) if as_json else describe(counts, dry_run))


class Refused:
    """The rows that were refused, with their reasons, for a workbook to mend."""

    def __init__(self) -> None:
        self.headings: tuple[str, ...] = ()
        self.rows: list[list[Any]] = []

    def keep(self, batch: Batch) -> None:
        """Remember the refused rows of a batch."""
        self.headings = batch.layout.headings
        self.rows += [
            [row.row, row.message, *cells] for row, cells in batch.rows if row.outcome == "refused"
        ]

    def workbook(self) -> bytes:
        """Give the workbook."""
        return write_workbook([*MEND_COLUMNS, *self.headings], self.rows)


def refuse(sentence: str) -> NoReturn:
    """Leave with status 1 and one sentence that says what to do."""
    click.echo(sentence, err=True)
    sys.exit(1)


def describe(counts: dict[str, Any], dry_run: bool) -> str:
    """Give the counts in words."""
    verb = "可以导入" if dry_run else "已导入"
    lines = [
        f"共 {counts['rows']:,} 行，{verb} {counts['accepted']:,} 人：新增 {counts['new']:,}，"
        f"更新 {counts['changed']:,}，没有变化 {counts['unchanged']:,}；"
        f"其中已故 {counts['deceased']:,}。"
    ]
    if not dry_run and not counts["new"] and not counts["changed"]:
        lines.append("名单和库里完全一致，什么都没有改动。")
    for title, key, kind in (
        ("没有收", "refused", "import_reason"),
        ("自动规范", "normalised", "import_kind"),
        ("请留意", "warned", "import_kind"),
    ):
        found = "，".join(f"{word(kind, code)} {n}" for code, n in counts[key].items())
        if found:
            lines.append(f"{title}：{found}。")
    return "\n".join(lines)
