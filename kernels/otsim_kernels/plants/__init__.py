"""The processes that a twin can live in, one folder or file each."""
