"""Hardship aid as data: circulars, cases, places, money and the lists that come of them."""
