"""What loading found, as files: the faults as CSV, the load report as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from operator import attrgetter

from core_trial.data.trial import LoadReport
from core_trial.declaration.kinds import spreadsheet_safe
from core_trial.errors import Fault


def faults_csv(faults: Iterable[Fault]) -> str:
    """Every fault as a row of CSV text, safe to open in a spreadsheet.

    Examples
    --------
    >>> print(faults_csv([Fault("sessions.csv", 3, "attended", "blank", "", "yes, no")]))
    file,line,column,code,found,allowed,hint
    sessions.csv,3,attended,blank,,"yes, no",
    <BLANKLINE>
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    names = [item.name for item in fields(Fault)]
    cells = attrgetter(*names)
    rows.writerow(names)
    rows.writerows([spreadsheet_safe(str(cell)) for cell in cells(fault)] for fault in faults)
    return text.getvalue()


def load_report_json(report: LoadReport) -> str:
    """The load report as JSON text."""
    body = {
        "rows": dict(report.rows),
        "hashes": dict(report.hashes),
        "notes": [asdict(note) for note in report.notes],
        "missing": [asdict(count) for count in report.missing],
    }
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"
