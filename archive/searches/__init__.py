"""Searches as something to keep: read from an address, saved, and watched.

question     from name and value pairs to what the engine is asked
tables       the tables of saved searches and of how long searches took
latency      how long they took, by nobody's name
saved        keep, list, change and forget them; what is new for their owner

The words of a search tell what somebody looks for: they are sealed, and in no mail.
"""
