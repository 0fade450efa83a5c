/** The server's time; the client's if scripts may not read it. ARGV: `[now or '', client's now,
 * '1' if what was kept here must still exist]`. */
export const TIME = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.pcall('TIME')
  now = time.err and tonumber(ARGV[2]) or time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/** The same, but never earlier than before. KEYS: clock. */
export const CLOCK = `
${TIME}
local latest = tonumber(redis.call('GET', KEYS[1]) or false)
if not latest and ARGV[3] == '1' then return redis.error_reply('GUARDLOST') end
if latest and latest >= now then
  now = latest
else
  redis.call('SET', KEYS[1], string.format('%.0f', now))
end
`;
