"""What runs beside the product: servers, the demo practice, the benchmark, lint rules. Not in the wheel."""
