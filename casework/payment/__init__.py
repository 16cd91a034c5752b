"""Money and visits of a round: from the decided list to the booked receipt, and who went to see whom."""
