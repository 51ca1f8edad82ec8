"""Features of an image and a mask: profiles, engines, feature families, catalogue, comparison of engines.

What computes or explains feature values belongs here. Reading images does not (`samesplit.imaging`), nor does
choosing among features (`samesplit.models`).
"""
