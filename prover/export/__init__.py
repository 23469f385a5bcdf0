"""Verifiers for other people's tool chains, generated from a verifying key."""
