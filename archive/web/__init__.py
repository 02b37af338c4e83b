"""The archive over HTTP: pages for people, an API for programs, media for both."""
