"""Reference data: customers, shops and products as the marketplace's own systems know them."""
