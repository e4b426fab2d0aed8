"""The only place that knows Spark: drivers that put the pure functions to work on many tracks at once."""
