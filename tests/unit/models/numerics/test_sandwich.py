"""The clustered sandwich, by hand and against its definition."""

import numpy as np
import pandas as pd
import pytest

from core_trial.models.clusters import Clusters
from core_trial.models.numerics.sandwich import clustered_sandwich

codes = np.array([0, 0, 1, 2, 2, 2])


def test_a_mean_with_two_clusters_by_hand():
    """Scores 1, 2 and -3 in clusters {1, 2} and {-3}: meat 9 + 9, bread 1/3, factor 2."""
    clusters = Clusters(np.array([0, 0, 1]), pd.Index(["a", "b"]))
    scores, bread = np.array([[1.0], [2.0], [-3.0]]), np.array([[1 / 3]])
    assert clustered_sandwich(bread, scores, clusters)[0, 0] == pytest.approx(4.0)
    plain = clustered_sandwich(bread, scores, clusters, small_sample=False)
    assert plain[0, 0] == pytest.approx(2.0)


def test_the_definition_for_several_parameters():
    rng = np.random.default_rng(1)
    scores, root = rng.normal(size=(6, 3)), rng.normal(size=(3, 3))
    bread = root @ root.T
    sums = [scores[codes == g].sum(axis=0) for g in range(3)]
    expected = bread @ sum(np.outer(s, s) for s in sums) @ bread * 3 / 2
    found = clustered_sandwich(bread, scores, Clusters(codes, pd.Index(list("abc"))))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
