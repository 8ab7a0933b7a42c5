"""Whether this machine's clock may be trusted with a night's work."""

from datetime import date, datetime, timedelta

#: DESIGN 3 "scheduler"; THREATS 1, finding 7: a machine set to 2099 makes 78,240 false tasks.
FARTHEST_AHEAD = timedelta(days=366)
#: Two servers of one county are never to the second alike.
TOLERANCE = timedelta(minutes=10)


def clock_trouble(
    now: datetime,
    on: date,
    newest_row: datetime | None,
    last_run: datetime | None = None,
    last_slot: date | None = None,
) -> str | None:
    """Give the sentence that stops the night job, None when clock and day are believable.

    `newest_row` is the last row written by anybody, `last_run` the last night job and
    `last_slot` its day. A clock may be neither behind the rows nor more than 366 days ahead of
    them, and a day `on` not so far ahead of rows and slots. The last job counts beside the last
    row: whoever signs in under a wrong clock writes wrong rows.
    """
    known = [instant for instant in (newest_row, last_run) if instant is not None]
    if not known:
        return None
    if now < max(known) - TOLERANCE:
        return (
            f"系统时钟是 {now:%Y-%m-%d %H:%M}（UTC），比数据库里最新的记录还早。"
            "夜间任务已停下，没有生成任何任务。请把时钟校准。"
        )
    reached = max(max(known).date(), last_slot or date.min)
    if now.date() > (min(known) + FARTHEST_AHEAD).date() or on > reached + FARTHEST_AHEAD:
        return (
            f"日期 {max(now.date(), on)} 比数据库里最新的记录晚了 366 天以上。"
            "夜间任务已停下，没有生成任何任务。请校准时钟；如果日期没错，"
            "请运行 flask --app app job run make-due-tasks --trust-clock。"
        )
    return None
