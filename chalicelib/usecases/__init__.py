"""One module a group of verbs: load what is needed, let the domain plan, apply the plan."""
