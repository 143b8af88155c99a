"""No test of this folder reaches anything but loopback, whatever the code under test does."""

from tests.acquire.conftest import blocked

__all__ = ["blocked"]
