"""How many wrong tokens are borne before an address, or everybody who guesses, has to wait."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from threading import Lock

#: Seconds a miss is remembered, misses of one address, misses of all of them together. A token
#: has 128 bits: the limits are there against noise, and so that guessing shows (THREATS T-02).
WINDOW, ADDRESS_LIMIT, GLOBAL_LIMIT = 600, 20, 2_000
MOST_ADDRESSES = 10_000


@dataclass
class Misses:
    """Wrong tokens of the last ten minutes, in this process, by address.

    When all addresses together reach the global limit, only those wait that have missed
    themselves: a flood of guesses must not keep residents from their own codes.
    """

    by_address: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)
    all: deque[float] = field(default_factory=lambda: deque(maxlen=GLOBAL_LIMIT))
    lock: Lock = field(default_factory=Lock)

    def must_wait(self, address: str, now: float) -> bool:
        """Tell whether an address has to wait at the second `now`, whatever it asks."""
        with self.lock:
            own = len(_recent(self.by_address.get(address, deque()), now))
            crowded = len(_recent(self.all, now)) >= GLOBAL_LIMIT
        return own >= ADDRESS_LIMIT or (crowded and own > 0)

    def note(self, address: str, now: float) -> None:
        """Remember a miss; the address that was quiet longest is forgotten when there are many."""
        with self.lock:
            self.by_address.setdefault(address, deque(maxlen=ADDRESS_LIMIT)).append(now)
            self.by_address.move_to_end(address)
            self.all.append(now)
            if len(self.by_address) > MOST_ADDRESSES:
                self.by_address.popitem(last=False)


def _recent(moments: deque[float], now: float) -> deque[float]:
    while moments and moments[0] <= now - WINDOW:
        moments.popleft()
    return moments
