"""The API's description of itself, made from its routes and models: `make openapi` writes it, tests hold the API against it."""
