"""Writing into somebody else's workbook: the child of `borrowed`, apart so that it starts light; it knows no ledger."""
