"""The gate: whether a candidate may take the champion's place, on evidence that neither learnt.

`evidence` selects and pairs what people decided, `backtest` runs both models over captured texts,
and `verdict` decides; `ledger` keeps verdicts for later looks, and `description` puts them into
sentences. The statistics are in `looks`, `intervals`, `paired_rates`, `vetoes` and `power`;
`robustness` leaves out one reviewer or sender at a time, and `models` compares what models cost.
"""
