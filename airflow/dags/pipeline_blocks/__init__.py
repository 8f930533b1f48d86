"""Task building blocks that the DAGs beside this package are made of."""
