"""`make bench NAME=training`: what training costs in time and memory."""
