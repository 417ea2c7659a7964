"""The care-gap panel: its launch, its pages and what can be done on them."""
