"""The tokeniser against Python's own CSV reader, on text that may be anything."""

import csv
import io

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core_trial.data.tokens import Coder, encode, tokenise

cells = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20
) | st.text('",ab ', max_size=12)
tables = st.integers(2, 5).flatmap(
    lambda width: st.lists(
        st.lists(cells, min_size=width, max_size=width).filter(any), min_size=1, max_size=20
    )
)


def cells_of(text, width):
    """Regular rows as text, and the numbers of the irregular ones."""
    block = tokenise(np.frombuffer(text, dtype=np.uint8), width)
    columns = []
    for starts, lengths in zip(block.starts, block.lengths, strict=True):
        coder = Coder()
        coder.add(text, block.data, starts, lengths)
        texts = list(coder.known)
        columns.append([texts[code] for code in coder.codes()])
    return [list(row) for row in zip(*columns, strict=True)], block.irregular.tolist()


@given(tables, st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_was_written_is_read(rows, end, quoting):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(rows)
    found, irregular = cells_of(text.getvalue().encode("utf-8"), len(rows[0]))
    assert found == rows
    assert irregular == []


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), min_size=1))
@example([b'a,"b', b"c,d", b'"x,y",z', b"\xff,a", b"", b",", b"a\r,b"])
def test_any_bytes_are_either_rows_or_set_aside(lines):
    text = b"\n".join(lines) + b"\n"
    found, irregular = cells_of(text, 2)
    assert len(found) + len(irregular) == len(lines)
    kept = [line for number, line in enumerate(lines) if number not in irregular]
    for row, line in zip(found, kept, strict=True):
        if b'"' not in line:
            assert row == line.removesuffix(b"\r").decode("utf-8").split(",")


@given(st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\x00", b"x")), max_size=30))
def test_equal_cells_have_equal_codes_and_no_others(parts):
    data = np.frombuffer(b"".join(parts) + b"\n", dtype=np.uint8)
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1])) if parts else lengths
    codes, first = encode(data, starts, lengths)
    assert [parts[first[code]] for code in codes] == parts
    assert len(first) == len(set(parts))
