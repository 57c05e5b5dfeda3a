"""Whether counted connections differ from the expected shares by more than chance, and what may be the cause."""
