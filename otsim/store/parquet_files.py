"""Parquet in memory: checksummed pages, nothing that depends on the clock, so bytes repeat."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["parquet_bytes", "table_from"]


def parquet_bytes(table: pa.Table) -> bytes:
    """Encode a table; the same table gives the same bytes with one version of pyarrow."""
    import pyarrow.parquet as pq

    metadata = table.schema.metadata or {}
    sink = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(dict(sorted(metadata.items()))).combine_chunks(),
        sink,
        compression="zstd",
        write_page_checksum=True,
    )
    return sink.getvalue()


def table_from(data: bytes) -> pa.Table:
    """Decode a table and check each page against its checksum.

    Raises:
        OSError: a page fails its checksum, or the bytes are no Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(io.BytesIO(data), page_checksum_verification=True)
    except pa.ArrowException as error:
        raise OSError(str(error)) from error
