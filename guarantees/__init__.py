"""Guarantee Ledger: which state has promised what for Ukraine's security guarantees, and on what evidence."""
