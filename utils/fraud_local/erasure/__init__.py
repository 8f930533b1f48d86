"""Erase a customer: what an order, a decision, a table and the stream must forget of him."""
