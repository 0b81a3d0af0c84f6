-- Answers: epoch, last offset, then of each turn going on five: its id, its attempt, text, reasoning, and the event that
-- says why it waits (or nothing). A turn whose words Redis has thrown out for want of memory takes the room with it.

local epoch, last = stand()
local answer = {epoch, last}
for _, turn in ipairs(open_turns()) do
  local state = read_turn(turn)
  local text = redis.call('GET', words_key(turn, 't')) or ''
  local reasoning = redis.call('GET', words_key(turn, 'r')) or ''
  if #text ~= state.tb or #reasoning ~= state.rb then
    forget()
    epoch, last = stand()
    return {epoch, last}
  end
  local waiting = redis.call('HGET', OPEN, waiting_field(turn)) or ''
  for _, value in ipairs({turn, state.attempt, text, reasoning, waiting}) do answer[#answer + 1] = value end
end
return answer
