"""What crosses the edges: bodies in, views out, the same for HTTP and for invoked functions."""
