"""Thread metadata: threads, branches, participants, read marks, choices. Synchronous."""
