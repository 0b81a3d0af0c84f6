"""Everything live: messages, rooms, runs, models. Asynchronous."""
