"""The only reading of the clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Give this instant in UTC, with its zone."""
    return datetime.now(UTC)


def today() -> date:
    """Give today's business date in Asia/Shanghai."""
    return local(now()).date()


def local(instant: datetime) -> datetime:
    """Give an instant as the wall clock in Shanghai shows it."""
    return instant.astimezone(SHANGHAI)
