"""How Milepost is watched while it runs: its metrics and its logs."""
