"""What the robustness tests of a run mean: verdict, hold-out, and their file."""
