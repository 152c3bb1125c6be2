-- Sends each line of the input and prints what comes back, over a socket that never blocks and is
-- waited for with select.
local socket = require("socket")

local connection = assert(socket.connect(arg[1], tonumber(arg[2])))
connection:settimeout(0)

for line in io.lines() do
  assert(connection:send(line .. "\n"))
  assert(#socket.select({connection}, nil, 10) == 1, "no reply")
  print("received: " .. assert(connection:receive()))
  io.flush()
end
