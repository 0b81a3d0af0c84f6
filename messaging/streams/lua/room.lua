-- Before every script of a room: what it stands on, and how it begins anew.
--
-- KEYS: 1 life of this server, the same for all rooms; then of the room: 2 where it stands, 3 its events,
--       4 fences of its turns, 5 the turns in the order they came, 6 the turns going on
-- ARGV: 1 the life that the caller knows, 2 an epoch if one is needed, 3 what the keys of turns' words begin with,
--       4 how many seconds events are kept

local LIFE, STAND, EVENTS, FENCES, ORDER, OPEN = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local KEPT_S = 86400 -- a room's position outlives its events, so that a quiet one needs no snapshot when it speaks again
local now = tonumber(redis.call('TIME')[1])

local function words_key(turn, kind)
  return ARGV[3] .. turn .. kind
end

local function waiting_field(turn)
  return turn .. 'w'
end

-- The turn's attempt, and of its text and its reasoning how many code points and how many bytes there are.
local function read_turn(turn)
  local line = redis.call('HGET', OPEN, turn)
  if not line then return nil end
  local attempt, tn, tb, rn, rb = string.match(line, '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
  return {
    attempt = tonumber(attempt), tn = tonumber(tn), tb = tonumber(tb), rn = tonumber(rn), rb = tonumber(rb),
  }
end

local function open_turns()
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', OPEN)) do
    if string.sub(field, -1) ~= 'w' then found[#found + 1] = field end
  end
  return found
end

local function forget()
  for _, turn in ipairs(open_turns()) do
    redis.call('DEL', words_key(turn, 't'), words_key(turn, 'r'))
  end
  redis.call('DEL', STAND, EVENTS, FENCES, ORDER, OPEN)
end

local function keep_for_a_day(...)
  for _, key in ipairs({...}) do redis.call('EXPIRE', key, KEPT_S) end
end

-- Epoch, last offset, bytes, and when the keys' times were last put off. A server that was started anew may have
-- an old copy of the room: its numbers were given again meanwhile, so the room begins anew.
local function stand()
  local life = redis.call('GET', LIFE)
  if not life then
    life = ARGV[1]
    redis.call('SET', LIFE, life)
  end
  local found = redis.call('HMGET', STAND, 'epoch', 'last', 'bytes', 'life', 'kept')
  if found[1] and found[4] == life then
    return found[1], tonumber(found[2]), tonumber(found[3]), tonumber(found[5])
  end
  forget()
  redis.call('HSET', STAND, 'epoch', ARGV[2], 'last', 0, 'bytes', 0, 'life', life, 'kept', 0)
  keep_for_a_day(STAND)
  return ARGV[2], 0, 0, 0
end

local function binary(data)
  return '\198' .. struct.pack('>I4', #data) .. data
end

-- A packet of the channel layer: whether it is patient, the epoch, the first offset and the events, in MessagePack.
local function tell(channel, opening, is_patient, epoch, first, events)
  local word = {'\148', is_patient, '\176', epoch, '\206', struct.pack('>I4', first), '\221', struct.pack('>I4', #events)}
  for _, event in ipairs(events) do word[#word + 1] = binary(event) end
  redis.call('PUBLISH', channel, opening .. binary(table.concat(word)))
end

