"""The web page on which billing people work: files for a browser, and what it must know before it can sign in."""
