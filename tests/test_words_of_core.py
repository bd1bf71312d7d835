"""No word of CORE stands in a room that serves any trial; its words are in ``trials/core``."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "core_trial"
#: Rooms that are held to it.
ROOMS = ("analyses", "declaration", "disclosure", "published", "report", "results", "witness")
#: What only CORE has: its services, instruments, visits and files. An Excel file is another thing.
WORDS = re.compile(
    r"\b(psw|crt|imr|uls)(?![a-z])|peer[ _]support|(?<!openpyxl\.)workbook|readmi|month_4|month_18|"
    r"qpr|csq|bprs|lsns|cmht|pilot|psychosis|index[ _]episode|crisis",
    re.IGNORECASE,
)


def lines_with_a_word(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if WORDS.search(line)]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_for_any_trial_knows_no_word_of_core(room):
    for path in sorted((PACKAGE / room).rglob("*.py")):
        assert not lines_with_a_word(path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize("line", ["crt_periods", "Peer support worker", "QPR", "pilot", "PSW's"])
def test_the_words_are_seen(line):
    assert lines_with_a_word(line)


@pytest.mark.parametrize("line", ["concrete", "results", "consult", "similar", "impulse"])
def test_other_words_are_not(line):
    assert not lines_with_a_word(line)
