"""The report that people read: a page for each document, and one for a run."""
