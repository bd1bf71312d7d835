"""The public face of the package: what it offers, and that importing it is cheap."""

import subprocess
import sys

import pytest

import core_trial

HEAVY = ("pandas", "scipy", "matplotlib", "pandera", "statsmodels", "joblib", "rich")


@pytest.mark.parametrize("name", core_trial.__all__)
def test_every_public_name_is_there(name):
    assert getattr(core_trial, name) is not None


def test_the_list_of_names_is_the_list_of_homes():
    assert sorted(core_trial._HOMES) == sorted(core_trial.__all__) == dir(core_trial)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = core_trial.nothing


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, core_trial; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not set(HEAVY) & set(loaded)
