"""What a report measures in the partition files: ranking, effects, distributions, replays."""
