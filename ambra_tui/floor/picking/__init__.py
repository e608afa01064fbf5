"""Picking on the floor, in parts: choosing orders, taking at a stop, putting into totes, questions, prompts."""
