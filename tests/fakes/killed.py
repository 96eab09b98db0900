"""The death of a process, for tests in which it dies between two steps."""


class Killed(BaseException):
    """The process is gone, as by `kill -9`, and does nothing more."""
