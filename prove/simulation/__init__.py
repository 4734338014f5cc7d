"""Deterministic simulation: the real watchdog, many sites, virtual time, one seed.

The watchdog's own `Cycle`, `Leadership`, `lead` and `rule` run unchanged over ports that live in virtual time. What goes
wrong is drawn from the seed; what happened is one log; a checker that knows nothing of the rule reads that log.

    agenda    virtual time, and the strands that live in it: one per arbiter
    replies   answers that come later, and the executor and `wait` that hand them out
    figures   how long things take and how often they are lost, each with its source
    events    what the log is made of; `chronicle` writes it down and hands it on
    ground    zones, paths, machines, and what the cloud does badly at present
    cloud, store, vantages, reporter, clocks    the ports
    arbiters  lives of the function: started, frozen, killed
    faults, plan    what goes wrong, and when
    checker   what must be true; `repairs` counts how long an outage lasted
    world     all of it, for one seed; `stories` plays single faults; `__main__` is the command
"""
