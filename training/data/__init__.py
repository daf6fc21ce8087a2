"""The utterances of the shipped model, and how labelled texts are read and checked."""
