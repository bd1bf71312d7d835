"""The description of the files for machines, ``datapackage.json``, made from the declaration."""

from __future__ import annotations

from collections.abc import Mapping

from core_trial.declaration.columns import Column, Table, YesNo
from core_trial.declaration.files import Files

PACKAGE_FILE = "datapackage.json"
#: Property of the description that says that the people in the files do not exist.
SYNTHETIC = "synthetic"
#: Property of the description that says that the allocation in the files is a dummy.
MASKED = "masked"


def data_package(
    files: Files,
    contents: Mapping[str, tuple[int, str]] | None = None,
    *,
    synthetic: bool = False,
    masked: bool = False,
) -> dict[str, object]:
    """The description of the files as a Tabular Data Package.

    Parameters
    ----------
    files
        The declared files.
    contents
        Size in bytes and SHA-256 of every file, by name; left out of the description if None.
    synthetic
        Whether the people in the files do not exist; the description then says so.
    masked
        Whether the allocation is a dummy; the description then says so.

    Returns
    -------
    dict
        What goes into ``datapackage.json``.

    References
    ----------
    Data Package (v1), Tabular Data Resource and Table Schema specifications of Frictionless Data.
    """
    told = {name: True for name, true in ((SYNTHETIC, synthetic), (MASKED, masked)) if true}
    return {
        "profile": "tabular-data-package",
        "name": files.name,
        "title": files.title,
        **told,
        "resources": [_resource(files, table, contents or {}) for table in files.tables],
    }


def _resource(
    files: Files, table: Table, contents: Mapping[str, tuple[int, str]]
) -> dict[str, object]:
    resource: dict[str, object] = {
        "profile": "tabular-data-resource",
        "name": table.name.replace("_", "-"),
        "path": table.file,
        "title": table.title,
        "description": f"A row is {table.row}.",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "doubleQuote": True, "header": True},
        "schema": _schema(files, table),
    }
    if table.file in contents:
        size, sha256 = contents[table.file]
        resource |= {"bytes": size, "hash": f"sha256:{sha256}"}
    return resource


def _schema(files: Files, table: Table) -> dict[str, object]:
    schema: dict[str, object] = {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
    }
    if all(table.column(name).required for name in table.key):
        schema["primaryKey"] = list(table.key)
    name = files.participant
    if table.name != files.participants and name in table.header:
        reference = {"resource": files.participants.replace("_", "-"), "fields": [name]}
        schema["foreignKeys"] = [{"fields": [name], "reference": reference}]
    return schema


def _field(column: Column) -> dict[str, object]:
    field: dict[str, object] = {
        "name": column.name,
        "title": column.title,
        "description": _sentence(column),
        "type": column.kind.package_type,
        "constraints": {"required": column.required, **column.kind.constraints},
    }
    if isinstance(column.kind, YesNo):
        field |= {"trueValues": ["yes"], "falseValues": ["no"]}
    return field


def _sentence(column: Column) -> str:
    unit = f" Unit: {column.unit}." if column.unit else ""
    blank = f" Blank: {column.blank}." if column.blank else ""
    return f"{column.description}{unit}{blank}"
