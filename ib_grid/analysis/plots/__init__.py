"""Plotly figures of trades and of the grid."""
