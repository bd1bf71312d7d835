"""The bundled trial looks like a trial; the rules are in ``tests/support/coherence.py``."""

import coherence
import pytest


@pytest.mark.parametrize("rule", coherence.RULES)
def test_the_bundled_trial_is_coherent(rule, bundled_trial):
    coherence.RULES[rule](bundled_trial)
