"""An emulator of Azure Resource Manager for the lab: what Tandem builds and moves, over real HTTP on 127.0.0.1.

    __main__            the process: control protocol, command line
    server              HTTP, threads, the clock that goes on
    emulator            one request in, one answer out; faults, log, file
    reading, writing    GET and HEAD; PUT, PATCH, DELETE, POST
    access, locks, preconditions, rules/    why a call is refused, in the order of asking
    preparing, filling  what the provider makes of a body
    carrying, settling  a change is carried out at once, its operation ends later
    effects             what the lab is told
    views, references   how a document is shown, who refers to whom
    world               documents and operations: plain data

Below the emulator everything is a function of the world, the request and the time (import-linter keeps it so). What each
behaviour rests on stands in FIDELITY.md. In a test, make `Emulator(Settings(...), clock)` and call `serve` and `tick`; in a
lab, start `python -m lab.arm`.
"""
