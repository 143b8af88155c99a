"""A column is declared once, on its field of a row type; schema, file metadata and README table derive from it."""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """What one Parquet column is: its Arrow type, its prose, the function that makes it and its unit."""

    arrow_type: pa.DataType
    prose: str
    producer: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class DeclaredColumn:
    """A `Column` together with what its field says: name, and whether null is a meaning."""

    name: str
    column: Column
    nullable: bool


def _is_optional(hint: object) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return type(None) in typing.get_args(hint)
    return False


def declared_columns(row_type: type) -> list[DeclaredColumn]:
    """The columns of a row type in the order of its fields.

    Raises TypeError when a field bears no `Column`: a row type holds nothing that is not a column.
    """
    hints = typing.get_type_hints(row_type, include_extras=True)
    declared = []
    for field in dataclasses.fields(row_type):
        hint, *extras = typing.get_args(hints[field.name]) or (hints[field.name],)
        column = next((extra for extra in extras if isinstance(extra, Column)), None)
        if column is None:
            raise TypeError(f"{row_type.__name__}.{field.name} declares no Column")
        declared.append(DeclaredColumn(field.name, column, _is_optional(hint)))
    return declared


def column_metadata(row_type: type) -> list[dict[str, str | bool | None]]:
    """What every column is, as plain values: for the README table and the file key `columns`."""
    return [
        {
            "name": declared.name,
            "type": str(declared.column.arrow_type),
            "nullable": declared.nullable,
            "unit": declared.column.unit,
            "description": declared.column.prose,
            "producer": declared.column.producer,
        }
        for declared in declared_columns(row_type)
    ]


def arrow_schema(row_type: type) -> pa.Schema:
    """The one explicit Arrow schema of a row type.

    Each field's metadata bears description, unit and producer; the schema's metadata bears the same for all columns as
    JSON under `columns`, because DuckDB sees file-level keys only.
    """
    fields = []
    for declared in declared_columns(row_type):
        metadata = {"description": declared.column.prose, "producer": declared.column.producer}
        if declared.column.unit:
            metadata["unit"] = declared.column.unit
        fields.append(
            pa.field(declared.name, declared.column.arrow_type, nullable=declared.nullable, metadata=metadata)
        )
    columns = json.dumps(column_metadata(row_type), ensure_ascii=False, sort_keys=True)
    return pa.schema(fields, metadata={"columns": columns})
