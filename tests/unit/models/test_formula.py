"""The grammar of formulas: what is read, and what is refused with what to write instead."""

import subprocess
import sys

import pytest

from core_trial.errors import DesignError
from core_trial.models.formula import parse
from core_trial.models.reading.expression import executable


@pytest.mark.parametrize(
    ("formula", "printed"),
    [
        ("y ~ a*b*c", "y ~ a + b + c + a:b + a:c + b:c + a:b:c"),
        ("y ~ a:b + c", "y ~ c + a:b"),
        ("y ~ (a + b)**2", "y ~ a + b + a:b"),
        ("y ~ (a + b + c)^2", "y ~ a + b + c + a:b + a:c + b:c"),
        ("y ~ a/b", "y ~ a + a:b"),
        ("y ~ a*b - a:b", "y ~ a + b"),
        ("y ~ x - 1", "y ~ 0 + x"),
        ("y ~ 0 + np.log(x)", "y ~ 0 + np.log(x)"),
        ("y ~ np.log( x )", "y ~ np.log( x )"),
        ("y ~ I(x**2) + I(x ** 2)", "y ~ I(x**2)"),
        ("y ~ x +\n  z", "y ~ x + z"),
        ("y ~ `blood pressure (mm)`", "y ~ `blood pressure (mm)`"),
        ('y ~ Q("blood pressure")', "y ~ `blood pressure`"),
        ("`y 1` ~ größe + 年龄", "`y 1` ~ größe + 年龄"),
        ("y ~ {x + 1}", "y ~ {x + 1}"),
        ("~ x", "x"),
        ("arm", "arm"),
        ("y ~ 1", "y ~ 1"),
    ],
)
def test_formulas_are_read_and_printed(formula, printed):
    assert str(parse(formula)) == printed


@pytest.mark.parametrize(
    ("formula", "variables"),
    [
        ("y ~ I(x*z) + bs(age, df=4)", ("x", "z", "age")),
        ("y ~ C(g, contr.treatment('b'))", ("g",)),
        ("y ~ np.log(scale)", ("scale",)),  # a column that is called as a function of formulaic
        ("y ~ I(`a (b`**2)", ("a (b",)),
        ("y ~ x.clip(0)", ("x",)),
        ("y ~ I(g == 'it]s (x')", ("g",)),
    ],
)
def test_functions_tell_which_columns_they_read(formula, variables):
    assert parse(formula).variables == variables


def test_a_level_with_brackets_can_be_quoted_in_several_terms():
    read = parse("y ~ C(g, Treatment('Other (x]'))*x")
    assert [len(term) for term in read.terms] == [1, 1, 2]
    assert read.terms[2][0] == read.terms[0][0]


def test_a_function_is_the_same_however_it_is_spaced():
    assert str(parse("y ~ np.log( x ) + g + np.log(x):g")) == "y ~ np.log( x ) + g + np.log( x ):g"


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ x + (1|g)", "write cluster='g' for a random intercept"),
        ("y ~ (1 | site)", "write cluster='site'"),
        ("y ~ x + (x|g)", "random slopes are not fitted; write cluster='g'"),
        ("y ~ (1 + x | g)", "random slopes are not fitted"),
        ("y ~ x + offset(log(n))", "write exposure='n'"),
        ("y ~ x + offset(n)", "write offset='n'"),
        ("x + strata(site)", r"write strata='site' \(for cox\)"),
        ("x + cluster(w)", "write cluster='w'"),
        ("x + frailty(w)", "write cluster='w', frailty='gamma'"),
        ("Surv(time, event) ~ x", "write time= and event="),
        ("y ~ s(age)", r"write cr\(age, df=4\)"),
        ("y ~ ns(age, 3)", r"write cr\(age, df=4\)"),
        ("y ~ factor(g)", r"write C\(g\)"),
        ("y ~ as.factor(g)", r"write C\(g\)"),
        ("y ~ i.g", r"write C\(g\)"),
        ("y ~ c.x", "write x"),
        ("y ~ a##b", r"write a\*b"),
        ("y ~ .", "name each covariate"),
        ("y ~ x**2", r"write I\(x\*\*2\)"),
        ("y ~ x + z^2", r"write I\(z\*\*2\)"),
        ("y ~ x:x", r"write I\(x\*\*2\)"),
        ("log(y) ~ x", "make a column of 'log\\(y\\)' first"),
        ("y ~ x + y", "'y' stands on both sides"),
        ("y ~ np.log(y)", "'y' stands on both sides"),
        ("y ~ x - z", "no term 'z' to take out"),
        ("y ~ x + 2", "cannot read 'x \\+ 2'"),
        ("y ~ x:2", "2 cannot be a term"),
        ("y ~ x +", "cannot read"),
        ("y ~ np.log(x", "cannot read"),
        ("y ~ ", "write 1"),
        ("y ~ a | b", "cannot read"),
        ("y ~ 'a'", "cannot read"),
        ("y ~ x + (]'a'][", "cannot read"),
        ("y ~ np.log(2)", "reads no column"),
        ("a ~ b ~ c", "left side"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(formula, message):
    with pytest.raises(DesignError, match=message):
        parse(formula)


@pytest.mark.parametrize("formula", [None, 3, ["y ~ x"]])
def test_a_formula_is_text(formula):
    with pytest.raises(DesignError, match="a formula is text"):
        parse(formula)


def test_alone_are_covariates_with_which_nothing_else_moves():
    assert parse("y ~ a + b + a:c + d + I(d**2) + C(k)").alone == ("b", "k")


def test_columns_are_put_in_by_place():
    assert executable("I(`a b` * log + Q('c d'))") == ("I(_0 * _1 + _2)", ("a b", "log", "c d"))


def test_formulaic_is_not_loaded_for_simple_formulas():
    code = (
        "import sys; from core_trial import models; from core_trial.models.formula import parse;"
        "parse('y ~ a*b + C(k) - 1'); assert 'formulaic' not in sys.modules;"
        "parse('y ~ I(a)'); assert 'formulaic' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
