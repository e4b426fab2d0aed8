"""A simulated campaign: one world of ice and water, and two instruments that look at it.

A granule and its scenes are made by separate processes that build the same world again from the granule's name and
seed. The files have the formats of the real ones, so nothing downstream knows; each says that it is simulated.
"""
