"""The one way a rule says no."""


class RuleError(Exception):
    """A refusal: a code for programs, the field it is about, a Chinese sentence for people."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
