"""What somebody asked to take away, made beside everything else and kept for a day.

tables   the table
desk     asked, made, given up, cancelled, shredded when its day is over

How one is made and given is `archive.exchange.exports`'s.
"""
