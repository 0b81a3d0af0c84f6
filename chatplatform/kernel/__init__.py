"""What every area may use and what uses no area: errors, ids, time, database calls, backends."""
