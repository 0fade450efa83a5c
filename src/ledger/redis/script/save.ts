import { FILLER } from './layout.ts';

/** Writes what the batch changed. Nothing is written before, so that an error has no effect. The
 * same holds for the first writes, which fail if a key has the wrong type. */
export const SAVE = `
local scores, gone, ended, fields, f, g, e = {}, {}, {}, {}, 0, 0, 0
for id in pairs(touched) do
  local hold, ending = holds[id], endings[id]
  if hold then
    fields[f + 1], fields[f + 2] = id, hold
    scores[f + 1], scores[f + 2] = read('<d', hold, 2), id
    f = f + 2
  else
    g = g + 1
    gone[g] = id
    if ending then
      ended[e + 1], ended[e + 2] = id, ending
      e = e + 2
    end
  end
end
if g > 0 then call('ZREM', KEYS[LEASES], unpack(gone)) end
if is_new then scores[f + 1], scores[f + 2] = '+inf', '${FILLER}' end
if scores[1] then call('ZADD', KEYS[LEASES], unpack(scores)) end
if e > 0 then
  local key = KEYS[ENDED + hour % 3]
  if generation < hour then
    -- Only UNLINK frees a large hash in the background, so none is left to its time to live.
    call('UNLINK', key, KEYS[ENDED + (hour + 1) % 3])
    if generation < hour - 1 then call('UNLINK', KEYS[ENDED + (hour + 2) % 3]) end
    call('HSET', key, '${FILLER}', '')
    call('PEXPIRE', key, KEPT_MS)
    generation, is_state_changed = hour, true
  end
  call('HSET', key, unpack(ended))
end
for i = 1, #accounts do
  local account = accounts[i]
  if account.expires then
    call('SET', account.key, value_of(account), 'PX', account.expires)
  elseif account.changed then
    call('SET', account.key, value_of(account), 'KEEPTTL')
  end
end
if g > 0 then call('HDEL', KEYS[HOLDS], unpack(gone)) end
if is_state_changed then
  fields[f + 1], fields[f + 2] = '=', pack('<dddd', now, era, generation, next_look)
end
if fields[1] then call('HSET', KEYS[HOLDS], unpack(fields)) end
return again or out
`;
