"""What a visitor may know, written out as files that need no server.

edition      the whole of it, and the ledger's line
press        its pages
folder       a folder that appears whole or not at all
"""
