"""Training and evaluation of intent models, and the utterances of the shipped model.

`train` is the entry point of `prompt-capture train`, `build` that of `make model`, and `quality`
that of `make check-utterances`. The steps of training are the packages `data`, `fit`, `calibrate`
and `report`; each imports only those before it.
"""
