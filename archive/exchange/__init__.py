"""What the archive gives and takes in forms that others know, above the gate.

court   a record as a package that a court can check without the archive
"""
