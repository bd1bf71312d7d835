"""What `core_trial.models` shows, and that showing it is cheap."""

import subprocess
import sys

import pytest

from core_trial import models


def test_what_is_listed_is_what_there_is():
    assert dir(models) == sorted(models.__all__) == sorted(models._HOMES)


@pytest.mark.parametrize("name", models.__all__)
def test_every_public_name_is_there(name):
    assert getattr(models, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = models.nothing


def test_a_model_loads_neither_pictures_nor_formulaic_nor_joblib():
    code = "import sys; from core_trial.models import mixed_logistic; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"matplotlib", "formulaic", "joblib", "rich", "scipy.stats"} & set(loaded)
