"""This library as a tool of GradBench: its evals, and its protocol of JSON lines."""
