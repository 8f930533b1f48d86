"""Domains and those above them: whoever owns example.org gives out mail.example.org as well."""

from collections.abc import Set


def upwards(domain: str) -> list[str]:
    """The domain and those above it, but for the bare top-level part, which is nobody's own."""
    labels = domain.split(".")
    return [domain, *(".".join(labels[i:]) for i in range(1, len(labels) - 1))]


def is_within(domains: Set[str], domain: str) -> bool:
    """Whether it, or a domain above it, is one of these."""
    return not domains.isdisjoint(upwards(domain))
