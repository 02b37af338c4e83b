"""The catalogue: records, their files, their labels, the vocabulary.

`store` keeps records and assets, `labels` what moderators say is in them, `vocabulary`
the list of labels, `edtf` reads event dates, `citation` says how to cite.
"""
