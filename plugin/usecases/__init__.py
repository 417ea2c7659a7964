"""One verb per file: what Milepost does, orchestrating the domain through ports."""
