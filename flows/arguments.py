"""How arguments are handed to Prefect's tasks."""

from typing import TypeVar, cast

from prefect.utilities.annotations import quote

T = TypeVar("T")


def whole(value: T) -> T:
    """An argument that Prefect hands to a task as it is, without walking through it in search of futures."""
    return cast(T, quote(value))
