"""A day of the warehouse as Parquet files, for whoever reads files and not Postgres."""
