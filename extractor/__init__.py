"""Structured, proven tables from public-finance disclosures."""
