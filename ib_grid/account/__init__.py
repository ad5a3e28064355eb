"""Money and prop-firm challenges: what the trades of a combination do to an account.

May import everything in ib_grid except analysis.
"""
