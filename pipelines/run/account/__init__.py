"""Accounts and challenges for a person: combinations in money, odds, counts of a whole grid."""
