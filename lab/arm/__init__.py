"""An emulator of Azure Resource Manager for the lab: what Tandem builds and moves, over real HTTP; see FIDELITY.md."""
