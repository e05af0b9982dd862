"""The run folders of the report's tests, for the tests of what the paper adds to it."""

from tests.report.conftest import make_group_fixture, make_run  # noqa: F401
