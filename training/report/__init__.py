"""What training tells people: the model's card, and rows that are perhaps mislabelled."""
