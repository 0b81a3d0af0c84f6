-- Answers: epoch and last offset.

local epoch, last = stand()
return {epoch, last}
