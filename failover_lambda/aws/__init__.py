"""The watchdog on AWS: one adapter per port, and the two Lambda entries `arbiter` and `prober`.

An AWS word stays here; the core says address, worker and record. Imports nothing, so that the prober starts without the SDK.
"""
