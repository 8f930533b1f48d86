"""Lets Airflow run a task in a container, and nothing else of the engine."""
