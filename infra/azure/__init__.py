"""The program on Azure, one component per layer; `pair.py` composes them in the order in which they need each other.

Components take one TypedDict called `args` and postpone no annotations, so that Pulumi can publish them for other languages.
"""
