"""The retraining: from a dataset to a candidate with a verdict, and to its promotion.

`workflow` is the whole in its order. It uses `datasets` (what to learn from, and the gold set),
`candidates` (new heads on the champion's encoders), the gate, and `rescoring` (the review queue).
"""
