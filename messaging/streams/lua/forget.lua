-- ARGV: 5 the channel and 6 the opening of the packet that tells whoever follows the room, 7 what is not patient.

forget()
local epoch = stand()
tell(ARGV[5], ARGV[6], ARGV[7], epoch, 1, {})
