-- The pattern of many a coroutine tutorial: a coroutine for each client, resumed in turn, and each one
-- asks its own socket. Lines only, and a client that leaves stops those after it from being served.
--   lua5.4 lua_pattern.lua PORT
local socket = require("socket")

local clients = {}
local most_wait = 1 -- second

local function serve(connection)
  return coroutine.create(function()
    while true do
      local readable = socket.select({ connection }, nil, most_wait)
      if #readable > 0 then
        local line, failure = connection:receive()
        if failure == "closed" then
          connection:close()
          return
        end
        if line then
          connection:send(line .. "\n")
        end
      end
      coroutine.yield()
    end
  end)
end

local listener = assert(socket.bind("127.0.0.1", tonumber(arg[1]), 1024))
listener:settimeout(0)
local address, port = listener:getsockname()
print("listening on " .. address .. ":" .. port)
io.stdout:flush()

while true do
  local connection = listener:accept()
  if connection then
    connection:setoption("tcp-nodelay", true)
    clients[#clients + 1] = serve(connection)
  end
  for _, client in ipairs(clients) do
    coroutine.resume(client)
  end
end
