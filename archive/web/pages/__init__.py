"""One module, one blueprint (`bp`), one folder of templates each."""
