"""Columns that say what they hold: unit and description in each field, provenance in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Column", "schema_of", "stamped", "table_of"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a result table.

    Attributes:
        name: as it stands in the file.
        type: `string`, `bool`, `int32`, `int64` or `float64`.
        unit: engineering unit, the currency, `1` for counts and shares, `""` for text.
        description: what it is, in words.
        nullable: whether a row may lack it.
    """

    name: str
    type: str
    unit: str
    description: str
    nullable: bool = False

    def field(self) -> pa.Field:
        """The column as a field of a schema."""
        import pyarrow as pa

        told = {"description": self.description, "unit": self.unit}
        kind = pa.type_for_alias(self.type)
        return pa.field(self.name, kind, nullable=self.nullable, metadata=told)


def schema_of(name: str, version: str, columns: Sequence[Column]) -> pa.Schema:
    """Make the schema of a result table, `name/version` in its metadata."""
    import pyarrow as pa

    fields = [column.field() for column in columns]
    return pa.schema(fields, metadata={"otsim.schema": f"{name}/{version}"})


def table_of(schema: pa.Schema, values: Mapping[str, Sequence[object]]) -> pa.Table:
    """Fill a schema; numbers that are not finite become null where null is allowed.

    Raises:
        ValueError: a column that may not be null holds a number that is not finite.
    """
    import pyarrow as pa

    arrays = [_array(values[field.name], field) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Sequence[object], field: pa.Field) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    if not pa.types.is_floating(field.type):
        array = pa.array(values, type=field.type)
    else:
        numbers = np.asarray([np.nan if v is None else v for v in values], dtype=np.float64)
        array = pa.array(numbers, mask=~np.isfinite(numbers), type=field.type)
    if array.null_count and not field.nullable:
        raise ValueError(f"column {field.name} holds {array.null_count} values that are no numbers")
    return array


def stamped(table: pa.Table, provenance: Mapping[str, str]) -> pa.Table:
    """Add provenance to a table's metadata, each key as `otsim.key`."""
    told = {f"otsim.{key}": value for key, value in provenance.items()}
    known = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    return table.replace_schema_metadata(known | told)
