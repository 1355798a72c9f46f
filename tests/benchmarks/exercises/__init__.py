"""Exercises of well-known courses, as learners write them, with labelled mistakes."""
