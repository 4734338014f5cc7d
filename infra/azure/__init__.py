"""The program on Azure, the twin of `infra.aws`: one component per layer; `pair.py` composes them.

Components take one TypedDict called `args` and postpone no annotations, so that Pulumi can publish them for other languages.

`program.py` is what `infra.__main__` calls, `planned.py` what it computes before anything exists.
"""
