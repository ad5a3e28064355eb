"""What chunks are asked beside the run's ranking: resamples, years, other rules of selection."""
