"""Errors for people: each says which file, what was expected and what to do, in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from leadline.accounts import State


class LeadlineError(Exception):
    """Something a person can mend; a command line prints it as one line and ends with 1."""


class ConfigError(LeadlineError):
    """A config or table that cannot be used; ``faults`` holds one line for each fault."""

    def __init__(self, faults: list[str]) -> None:
        """Join all the faults into the message, one line each."""
        super().__init__("\n".join(faults))
        self.faults = faults


class ModelError(LeadlineError):
    """A training set or a model that cannot be used as it is."""


class InputDataError(LeadlineError):
    """A granule, beam or scene that cannot be used; the rest of the campaign goes on without it.

    ``state`` is the named state that the account of the stage, and so the report, will show.
    """

    def __init__(self, state: State, message: str) -> None:
        """Keep the state beside the one-line message."""
        super().__init__(state, message)
        self.state = state

    def __str__(self) -> str:
        """Return the message; the state goes with it from process to process."""
        return self.args[1]


@contextmanager
def named(place: str) -> Iterator[None]:
    """Put the place (file and beam) before the message of an ``InputDataError`` of a function that knows no files."""
    try:
        yield
    except InputDataError as error:
        raise InputDataError(error.state, f"{place}: {error}") from None
