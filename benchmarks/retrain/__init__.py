"""`make bench NAME=retrain`: how long a retraining takes, and how much memory, as packaged.

The packaged layer runs under the interpreter that Lambda runs, in a cgroup with the memory and the
processor time of the function. The database and the bucket are replaced by memory and a folder.
"""
