"""Readers: from the lines of a table to cells in their places."""
