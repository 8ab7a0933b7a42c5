"""When stored figures are counted again."""

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
