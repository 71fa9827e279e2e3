"""The event edge: the bodies of the scheduled, queue and invoked functions. `app.py` holds the handlers themselves."""
