"""The mutation check: the rule is made wrong in one place at a time, and a test has to notice.

    python -m prove.mutants               a fixed sample, as CI runs it
    python -m prove.mutants --all         all of them, as the nightly run does
    python -m prove.mutants --sentences   which sentences of docs/RULE.md no test defends

How it goes: `found` follows the imports of the rule to its modules. `edits` lists what can be made wrong in them: guards,
comparisons, constants; `changes` gives each a name. `session` collects the tests once, runs each once under a trace, and
knows then which lines each executes. For each mutant `forks` splits a child off the warm process, `install` puts the
changed code into it, and the child runs the tests that execute the changed line (`aim`), quickest first, until one fails.
What survives is in `survivors.toml` with a reason, or an error (`listed`). `report` says it; `sentences` asks the same from
the side of docs/RULE.md.

Why no library. mutmut 3.8.1 forks as well, but changes functions only ("if you want to mutate code outside of functions,
you can try using mutmut 2", its README), and names a change by its number within the function, so that a listed survivor is
another one after the next edit. cosmic-ray 8.7.0 names changes by occurrence too, and starts the whole test command for
each: two seconds times two thousand before the first assertion. And neither knows the neighbours of an enum's member or the
optional fields of a frozen value, which is where this rule would be wrong.
"""
