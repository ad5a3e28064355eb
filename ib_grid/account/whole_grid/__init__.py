"""Start dates of challenges that pass and fail, counted for every combination of a grid."""
