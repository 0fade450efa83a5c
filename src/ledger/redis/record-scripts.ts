import { CLOCK } from './script/clock.ts';
import { script } from './script/script.ts';

/** KEYS: clock, record, changes, sequence. ARGV 4…: key, then what the verb needs. */
const RECORDS = `
${CLOCK}local function current()
  local found = redis.call('HMGET', KEYS[2], 'v', 'n', 'e')
  if not found[1] then return nil end
  if found[3] and tonumber(found[3]) <= now then return nil end
  return found
end
local function changed(version)
  local sequence = redis.call('INCR', KEYS[4])
  redis.call('ZADD', KEYS[3], sequence, sequence .. version .. ':' .. ARGV[4])
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1001)
  redis.call('PUBLISH', KEYS[3], sequence)
end
`;

export const recordScripts = {
  get: script(`${RECORDS}
local found = current()
return found and { found[1], found[2] } or {}
`),
  /** ARGV 5…: value, expected version or '', expiry or '', whether Redis may expire it by its own clock. */
  put: script(`${RECORDS}
local found = current()
local version = found and tonumber(found[2]) or 0
if ARGV[6] ~= '' and tonumber(ARGV[6]) ~= version then return 0 end
redis.call('DEL', KEYS[2])
local written = string.format('%.0f', version + 1)
redis.call('HSET', KEYS[2], 'v', ARGV[5], 'n', written)
if ARGV[7] ~= '' then
  redis.call('HSET', KEYS[2], 'e', ARGV[7])
  if ARGV[8] == '1' then redis.call('PEXPIREAT', KEYS[2], ARGV[7]) end
end
changed('.' .. written)
return 1
`),
  delete: script(`${RECORDS}
local found = current()
redis.call('DEL', KEYS[2])
if found then changed('') end
return found and 1 or 0
`),
  /** KEYS: sequence, changes. ARGV 4: the last sequence that was seen, or '' to learn the present one. */
  since: script(`
local sequence = redis.call('GET', KEYS[1]) or '0'
if ARGV[4] == '' or ARGV[4] == sequence then return { sequence } end
local changes = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[4], '+inf')
return { sequence, unpack(changes) }
`),
} as const;
