"""Searches as something to keep: read from an address, saved, and watched.

question     from name and value pairs to what the engine is asked
tables       the table of saved searches
preferences  labels that somebody leaves out of every list
saved        keep, list, change and forget them; what is new for their owner

The words of a search tell what somebody looks for: they are sealed, and in no mail.
"""
