"""Webhooks below the API."""
