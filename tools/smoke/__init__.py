"""`make smoke STAGE=dev`: whether a deployed service does what it is for, tried on customers of its own."""
