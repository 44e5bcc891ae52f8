"""Why the product cannot start.

RunError        one sentence for the operator, saying what to do
"""


class RunError(Exception):
    """The start must stop; `str()` is one sentence for the operator."""
