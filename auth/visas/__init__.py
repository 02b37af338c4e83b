"""Standing that is carried from one archive to another, in GA4GH's form of a visa."""
