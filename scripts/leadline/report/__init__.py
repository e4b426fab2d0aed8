"""What the report says in numbers: tables out of accounts, metrics and benchmark files."""
