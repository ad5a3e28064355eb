"""Parameter effects over the whole grid: pivots, slices, neighbours, plateaus, variance shares."""
