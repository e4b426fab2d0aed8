"""Pages that people look at and work in, self-contained HTML."""
