"""From a loaded trial to a study: what it holds, and that the order of rows is no part of it."""

import numpy as np

import core_trial as ct
from core_trial import Results


def test_a_study_shows_tables_estimates_verdict_and_sentences(study):
    assert "Readmission" in study.table2._repr_html_()
    assert "Ethnicity" in study.table1._repr_html_()
    primary = study.estimates.query("analysis == 'readmission' and level == ''")
    assert primary["n"].item() == 434
    assert len(study.verification) == len(study.verdict.comparisons)
    assert any("64 (29%) of 218" in sentence for sentence in study.sentences)


def test_every_record_survives_json(study):
    text = study.results.to_json()
    assert Results.from_json(text).to_json() == text


def test_shuffled_rows_give_the_same_bytes(bundled_trial, study):
    rng = np.random.default_rng(3)
    shuffled = {
        name: frame.sample(frac=1, random_state=rng).reset_index(drop=True)
        for name, frame in bundled_trial.frames()
    }
    again = ct.reproduce(bundled_trial.with_frames(**shuffled))
    assert again.results.to_json() == study.results.to_json()


def test_plain_style_uses_ascii_points_and_signs(bundled_trial):
    plain = ct.reproduce(bundled_trial, style="plain")
    assert "0.66 (0.43 to 0.99)" in plain.table2.to_text()
    assert "·" not in plain.table2.to_text()


def test_suppression_withholds_small_counts(bundled_trial):
    hidden = ct.reproduce(bundled_trial, suppress_below=5)
    people = [r for r in hidden.results.find("descriptive") if r.analysis != "centres"]
    small = [r for r in people if r.statistic == "n" and 0 < (r.value or 0) < 5]
    assert people
    assert not small


def test_stages_are_told_as_they_begin(bundled_trial):
    told = []
    ct.reproduce(bundled_trial, tell=told.append)
    assert told[0] == "Flow of participants"
    assert told[-1] == "Comparison with the paper"
