"""What fits warn of, told to readers who have no options to choose."""

import pytest

from core_trial.report.remarks import remark
from core_trial.report.styles import LANCET, PLAIN
from core_trial.trials.core import CORE


def told(warning, style=PLAIN):
    return remark(warning, CORE, style)


def test_a_count_part_is_told_by_what_it_compares():
    warning = (
        "arm stands in the counts alone: its coefficient is no ratio of means unless the excess "
        "zeros are equally many on both sides; the model's ratio of overall means is 1.01, the "
        "data's 0.70; inflation='arm' lets both differ"
    )
    text = told(warning, LANCET)
    assert "the ratio of means is 1·01 by this model, and 0·70 in the data." in text
    assert "=" not in text


def test_means_that_the_data_do_not_have_are_told_by_group():
    warning = (
        "the model implies mean counts of 162.7 where 21.74 was seen at the reference level of arm "
        "and 824.6 where 21.7 was seen at arm[intervention]: a normal random effect does not "
        "describe this spread, do not use this fit; negative_binomial and poisson with cluster= "
        "compare means"
    )
    text = told(warning)
    assert "163 where 22 was seen, control group; 825 where 22 was seen, intervention group" in text
    assert "not to be believed" in text


def test_a_separated_level_is_named_as_in_table_1():
    text = told(
        "the data separate, no finite estimate for: marital_status[widowed] (diverges to "
        "-infinity); the other coefficients are estimated from the rows that are not fitted"
    )
    assert "Marital status: Widowed v Single" in text
    assert "[" not in text


@pytest.mark.parametrize(
    "warning",
    [
        "the cluster variance is at its bound, zero: clusters play no part in the fit",
        "the cluster variance is at its bound, zero: the fit is that of the regression without "
        "random effects",
    ],
)
def test_two_wordings_of_one_thing_are_one(warning):
    assert told(warning).startswith("The variance between clusters was estimated as zero")


def test_what_is_not_known_is_told_as_it_is():
    assert told("something else") == "Something else."


def test_no_option_stands_in_the_tables_of_the_bundled_trial(study):
    for text in (*study.table2.footnotes, study.files["planned_and_fitted.md"]):
        assert "inflation=" not in text
        assert "cluster=" not in text
        assert "number of nodes" not in text
