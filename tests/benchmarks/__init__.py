"""Programs that time the package against others; run by hand, never collected by pytest."""
