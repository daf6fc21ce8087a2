"""`make bench NAME=alerts`: false alarms and delays of the rules of the alerts."""
