"""The gate: whether a candidate may take the champion's place, on evidence that neither learnt.

`candidate_looks` is a look at a candidate in its order, and `comparison` loads the two models.
`evidence` selects and pairs what people decided, `backtest` runs both models over captured texts,
and `verdict` decides. `pool` draws disagreements, `ledger` keeps verdicts for later looks, and
`description` puts them into sentences. The statistics are in `looks`, `intervals`, `paired_rates`,
`vetoes` and `power`; `robustness` leaves out one reviewer or sender at a time, and `models`
compares what models cost.
"""
