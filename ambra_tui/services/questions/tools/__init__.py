"""The tools by what they look at; each module exports TOOLS."""
