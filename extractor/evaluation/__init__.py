"""Evaluation: scoring against gold facts, and synthetic documents to score on."""
