"""Ctrl-C and its relatives: once means stop in good order, twice means now.

A terminal that is closed is no hurry, though the kernel and the shell may both tell of it.
"""

import signal
import threading


class StopRequest:
    """Whether to stop, and how urgently; asked by the main thread, waited for by the others.

    The signal handler only counts. It interrupts the main thread anywhere, even inside a lock of `threading`, so
    setting the event there could wait for ever.
    """

    def __init__(self) -> None:
        self._signals = 0
        self._event = threading.Event()

    def listen(self) -> None:
        """Take SIGINT, SIGTERM and, unless started under nohup, SIGHUP as requests."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._count)

    def request(self) -> None:
        """Ask to stop in good order, from any thread."""
        self._event.set()

    def is_wanted(self) -> bool:
        """Say whether somebody asked. For the main thread: it passes a signal on to those who wait."""
        if self._signals:
            self._event.set()
        return self._event.is_set()

    def is_urgent(self) -> bool:
        """Say whether somebody asked twice."""
        return self._signals > 1

    def wait(self, seconds: float) -> bool:
        """Pause another thread than the main one; say whether somebody asked."""
        return self._event.wait(seconds)

    def _count(self, number: int, _: object) -> None:
        self._signals = max(self._signals, 1) if number == signal.SIGHUP else self._signals + 1
