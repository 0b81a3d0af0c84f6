"""The fault bench: breaks a running deployment in 48 ways and lets an observer look whether anything was lost.

`python -m faults` (or `make faults`) starts the full profile in a scratch folder, runs each case several times with a
printed seed, and ends with a table of all 48. The observer knows the protocol, the provider's own record of what it
said, and the stores; it shares no code with the product.
"""
