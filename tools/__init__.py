"""What builds, serves, packages and checks the service; nothing here ships."""
