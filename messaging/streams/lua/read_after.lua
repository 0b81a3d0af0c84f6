-- ARGV: 5 epoch and 6 offset of a cursor
-- Answers: all events after the cursor, each behind four bytes of time; nothing unless none is missing. Writes nothing.

local found = redis.call('HMGET', STAND, 'epoch', 'last', 'life')
local epoch, last, life = found[1], tonumber(found[2] or 0), found[3]
local missed = last - tonumber(ARGV[6])
if not epoch or epoch ~= ARGV[5] or life ~= redis.call('GET', LIFE) or missed < 0 then return false end
if missed == 0 then return {} end
if missed > redis.call('LLEN', EVENTS) then return false end
local events = redis.call('LRANGE', EVENTS, -missed, -1)
if struct.unpack('>I4', events[1]) < now - tonumber(ARGV[4]) then return false end
return events
