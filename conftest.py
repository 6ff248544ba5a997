"""An example in a docstring that needs a library which is not installed is left out, and says so."""

import doctest

import pytest

from calvaria import _optional


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    try:
        return (yield)
    except doctest.UnexpectedException as failure:
        error = failure.exc_info[1]
        if not isinstance(error, ImportError) or error.name not in _optional.LIBRARIES:
            raise
        pytest.skip(f"{error.name} is not installed")
