"""One module a `fraud` sub-command; each has `register(app)` and imports its part when it runs."""
