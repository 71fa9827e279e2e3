"""The billing rules as pure functions: no clock, no environment, no network, no floats."""
