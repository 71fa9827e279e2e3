"""A sample provider and its story: what the service does in three months of billing.

`provider.yaml` is the data, for people to read and edit. Everything here is a client of the deployed
service: it talks HTTP, invokes functions, and imports nothing of the service itself, so that what it
checks is checked from outside.
"""
