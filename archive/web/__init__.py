"""The archive over HTTP: pages for people, an API for programs, media for both.

server       gunicorn and the worker beside it     logs      what the server writes down
pages, api   every address                         consenting, journal   acts of both
publishing   what a visitor may know, as a folder of pages
showing      records in words, for whom they are
answer       what goes out: errors, headers, bytes
request      what comes in: who, whether they meant it, forms and files
"""
