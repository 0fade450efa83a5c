import { CLOCK } from './script/clock.ts';
import { script } from './script/script.ts';

/** KEYS: clock, record, changes, sequence, listed, expiring. ARGV 4…: key, then what the verb needs. */
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
local function unlist(keys)
  if #keys == 0 then return end
  redis.call('ZREM', KEYS[5], unpack(keys))
  redis.call('ZREM', KEYS[6], unpack(keys))
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
unlist(redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', now, 'LIMIT', 0, 4))
redis.call('ZADD', KEYS[5], 0, ARGV[4])
if ARGV[7] ~= '' then redis.call('ZADD', KEYS[6], ARGV[7], ARGV[4])
else redis.call('ZREM', KEYS[6], ARGV[4]) end
return 1
`),
  delete: script(`${RECORDS}
local found = current()
redis.call('DEL', KEYS[2])
unlist({ ARGV[4] })
if found then changed('') end
return found and 1 or 0
`),
  /** KEYS: listed. ARGV 4…: the first key, the key before it or '', the end, how many. */
  names: script(`
local from = ARGV[5] == '' and '[' .. ARGV[4] or '(' .. ARGV[5]
return redis.call('ZRANGEBYLEX', KEYS[1], from, '(' .. ARGV[6], 'LIMIT', 0, ARGV[7])
`),
  /** KEYS: clock, listed, expiring, records. ARGV 4…: the keys of the records. Returns value and version of each; the
   * version is '' if there is no such record, which is then not listed any more. */
  all: script(`${CLOCK}
local found = {}
for index = 4, #KEYS do
  local value = redis.call('HMGET', KEYS[index], 'v', 'n', 'e')
  if value[1] and (not value[3] or tonumber(value[3]) > now) then
    found[#found + 1] = value[1]
    found[#found + 1] = value[2]
  else
    redis.call('ZREM', KEYS[2], ARGV[index])
    redis.call('ZREM', KEYS[3], ARGV[index])
    found[#found + 1] = ''
    found[#found + 1] = ''
  end
end
return found
`),
  /** KEYS: sequence, changes. ARGV 4: the last sequence that was seen, or '' to learn the present one. */
  since: script(`
local sequence = redis.call('GET', KEYS[1]) or '0'
if ARGV[4] == '' or ARGV[4] == sequence then return { sequence } end
local changes = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[4], '+inf')
return { sequence, unpack(changes) }
`),
} as const;
