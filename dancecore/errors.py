"""The one error a user can cause. Anything else that is raised is a bug."""

from typing import Any

CODES: dict[str, str] = {
    "INVALID_INPUT": "a value that was given cannot be used",
}
"""Every code with what it means to the person who meets it; `README.md` prints this table."""


class DanceError(Exception):
    """A failure with a stable `code` (a key of CODES), a plain `message` and machine-readable `details`."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        if code not in CODES:
            raise KeyError(f"unknown error code {code!r}: add it to dancecore.errors.CODES")
        super().__init__(code, message, details)  # all three, so that the error survives pickling between processes
        self.code = code
        self.message = message
        self.details = details or {}

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
