"""Processes of the harness."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def pool(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of new processes: a fork of a program with threads may hang before its first line."""
    return ProcessPoolExecutor(jobs, get_context("spawn"))
