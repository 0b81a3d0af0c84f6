-- Number and keep entries, keep what turns say, and tell whoever follows the room: all of it or nothing.
--
-- ARGV: 5 how many bytes of events are kept, 6 the channel and 7 the opening of the packet, 8 whether the events are
--       patient; then of each entry eight:
--       event, turn, attempt, mark, kind of its words ("t", "r" or none), where they begin (or nothing), how many
--       code points, the words
-- Answers: epoch, first and last offset, indices of refused entries, indices of those whose turn's words have a hole

local OVERHEAD, MOST_FENCES, PUT_OFF_S = 100, 512, 60
local WIDTH = 8

local epoch, last, bytes, kept_at = stand()
local turns, kept, refused, holes = {}, {}, {}, {}
local stamp = struct.pack('>I4', now)
local is_new = last == 0

local function begin(turn, attempt)
  redis.call('DEL', words_key(turn, 't'), words_key(turn, 'r'))
  redis.call('HDEL', OPEN, waiting_field(turn))
  is_new = true
  return {attempt = attempt, tn = 0, tb = 0, rn = 0, rb = 0}
end

-- "kept", "said" (all of it was said before) or "hole" (what was said before is not known).
local function say(state, turn, kind, at, n, words)
  local have = state[kind .. 'n']
  at = at == '' and have or tonumber(at)
  if at > have or (at < have and at > 0 and at + n > have) then return 'hole' end
  if n > 0 and at + n <= have then return 'said' end
  local key, before = words_key(turn, kind), state[kind .. 'b']
  if at < have then -- the whole of it is said again, and more
    redis.call('DEL', key)
    before = 0
  end
  local after = redis.call('APPEND', key, words)
  if after ~= before + #words then -- Redis threw out what was said before, for want of memory
    redis.call('DEL', key)
    state[kind .. 'n'], state[kind .. 'b'] = 0, 0
    return 'hole'
  end
  state[kind .. 'n'], state[kind .. 'b'] = at + n, after
  return 'kept'
end

local function fence(turn, attempt, mark)
  local highest = tonumber(redis.call('HGET', FENCES, turn) or 0)
  if attempt < highest then return false end
  if highest == 0 then
    is_new = true
    redis.call('RPUSH', ORDER, turn)
    if redis.call('LLEN', ORDER) > MOST_FENCES then redis.call('HDEL', FENCES, redis.call('LPOP', ORDER)) end
  end
  if mark == 'last' then attempt = attempt + 1 end -- what is over says nothing more
  if attempt > highest then redis.call('HSET', FENCES, turn, attempt) end
  return true
end

local function take(event, turn, attempt, mark, kind, at, n, words)
  if turn == '' then return 'kept' end
  if not fence(turn, attempt, mark) then return 'refused' end
  if mark == 'last' then
    redis.call('DEL', words_key(turn, 't'), words_key(turn, 'r'))
    redis.call('HDEL', OPEN, turn, waiting_field(turn))
    turns[turn] = nil
    return 'kept'
  end
  local state = turns[turn] or read_turn(turn)
  if not state or state.attempt ~= attempt then state = begin(turn, attempt) end
  turns[turn] = state
  local took = kind == '' and 'kept' or say(state, turn, kind, at, n, words)
  if took == 'kept' then
    if mark == 'waiting' then
      redis.call('HSET', OPEN, waiting_field(turn), event)
    else
      redis.call('HDEL', OPEN, waiting_field(turn))
    end
  end
  return took
end

local index = 0
for i = 9, #ARGV, WIDTH do
  local event = ARGV[i]
  local took = take(
    event, ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], tonumber(ARGV[i + 6]), ARGV[i + 7]
  )
  if took == 'kept' then
    kept[#kept + 1] = event
    bytes = bytes + #event + OVERHEAD
    if redis.call('RPUSH', EVENTS, stamp .. event) == 1 then is_new = true end
  elseif took == 'refused' then
    refused[#refused + 1] = index
  elseif took == 'hole' then
    holes[#holes + 1] = index
  end
  index = index + 1
end

for turn, state in pairs(turns) do
  redis.call('HSET', OPEN, turn, table.concat({state.attempt, state.tn, state.tb, state.rn, state.rb}, ' '))
end

local function oldest_goes()
  local oldest = redis.call('LPOP', EVENTS)
  if oldest then bytes = bytes - (#oldest - #stamp + OVERHEAD) else bytes = 0 end
end

local most, too_old = tonumber(ARGV[5]), now - tonumber(ARGV[4])
while bytes > most do oldest_goes() end
while true do
  local oldest = redis.call('LINDEX', EVENTS, 0)
  if not oldest then bytes = 0; break end
  if struct.unpack('>I4', oldest) >= too_old then break end
  oldest_goes()
end

local first = last + 1
last = last + #kept
redis.call('HSET', STAND, 'last', last, 'bytes', bytes)
if is_new or now - kept_at >= PUT_OFF_S then
  redis.call('HSET', STAND, 'kept', now)
  keep_for_a_day(STAND, FENCES, ORDER, OPEN)
  redis.call('EXPIRE', EVENTS, tonumber(ARGV[4]) + 2 * PUT_OFF_S)
  for _, turn in ipairs(open_turns()) do keep_for_a_day(words_key(turn, 't'), words_key(turn, 'r')) end
end

if #kept > 0 then tell(ARGV[6], ARGV[7], ARGV[8], epoch, first, kept) end
return {epoch, first, last, refused, holes}
