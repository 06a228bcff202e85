"""The agent that enforces NetworkPolicies on a machine of the embedded platform; it runs there with Python alone."""
