"""The page on the synthetic trial names what there is."""

from pathlib import Path

from core_trial.trials.core.generator import stages as generator

ROOT = Path(__file__).parents[5]
PAGE = (ROOT / "docs" / "synthetic.md").read_text(encoding="utf-8")


def test_every_module_of_the_generator_is_on_the_page():
    modules = {path.stem for path in Path(generator.__file__).parent.glob("*.py")} - {"__init__"}
    assert {name for name in modules if f"`{name}`" not in PAGE} == set()


def test_the_number_of_coherence_rules_is_that_on_the_page():
    rules = (ROOT / "tests" / "support" / "coherence.py").read_text().count("def holds_")
    assert f"- {rules} rules of coherence" in PAGE
