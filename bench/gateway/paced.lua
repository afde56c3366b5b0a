-- Requests at a pace: each connection waits before each request, at random around the mean that WAIT says, in milliseconds.
local mean = tonumber(os.getenv("WAIT"))
function setup(thread) math.randomseed(os.time()) end
function delay() return math.random(0, 2 * mean) end
