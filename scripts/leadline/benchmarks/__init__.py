"""The stage of segments measured: on a beam as long as one likes, beside other ways to do the same work."""
