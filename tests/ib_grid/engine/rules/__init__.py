"""One test per rule of STRATEGY.md, on hand-made bars, against both engines."""
