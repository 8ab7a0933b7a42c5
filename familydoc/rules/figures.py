"""When stored figures are counted again, and when they are too old to be shown as new."""

from datetime import datetime, timedelta

#: A count may take one part in so many of the time: 5 %.
SHARE = 20
#: A count as quick as this costs nothing: a small county is always fresh.
QUICK_MS = 50


def must_count(*, same_day: bool, happened: bool, took_ms: int, age_seconds: float) -> bool:
    """Tell whether figures that took `took_ms` and are `age_seconds` old are counted again.

    On another day at once; otherwise when something has happened since, but not before twenty
    times the time has passed that the last count took.
    """
    if not same_day:
        return True
    if not happened:
        return False
    return took_ms <= QUICK_MS or age_seconds * 1000 >= took_ms * SHARE


#: Figures older than this are shown with a warning on public boards (DESIGN 7).
STALE_DAYS = 2


def stale_days(counted_at: datetime | None, night_at: datetime | None, now: datetime) -> int | None:
    """Give for how many whole days the data have been too old, None while they are not.

    Both count: when figures were counted, and when the night shift last ran, because without it
    nothing new falls due and a rate would look better than it is.
    """
    oldest = min((at for at in (counted_at, night_at) if at is not None), default=None)
    if oldest is None or now - oldest <= timedelta(days=STALE_DAYS):
        return None
    return (now - oldest).days
