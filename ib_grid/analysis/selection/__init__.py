"""Selection of combinations: top N, Pareto front, comparison of runs, groups of variations."""
