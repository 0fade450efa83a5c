import { script } from './script.ts';
import { SHARED } from './shared-script.ts';

/** KEYS: clock, hold, subjects. ARGV 4…: claims, lease field, duration, dispatched, slots. Answers
 * 0: denied, 1: granted, 2: granted before; the time; the counters. */
const RESERVE = `
local now = clock()
if not now then return redis.error_reply('GUARDLOST') end
local claims, slots = doubles_in(ARGV[4]), 7
local count = #claims / WIDTH
local subjects = load_all(now)
local again = redis.call('EXISTS', KEYS[2]) == 1
local counters, granted = {}, true
for i = 1, count do
  local at = (i - 1) * WIDTH
  local kind = claims[at + 5]
  local c = counter_at(subjects[claims[at + 1]].counters, ARGV[slots + i], kind)
  counters[i] = c
  if not again and not fits(c, now, claims[at + 3], claims[at + 4], kind, claims[at + 6], claims[at + 7], claims[at + 8]) then
    granted = false
  end
end
if again or not granted then
  save_changed(subjects)
  return standing(counters, again and 2 or 0, now)
end
local duration, dispatched = tonumber(ARGV[6]), tonumber(ARGV[7])
local expires = now + duration
local windows, kept, first, last = {}, {}, {}, {}
for i = 1, count do
  local at = (i - 1) * WIDTH
  local place, cost, kind, p, q = claims[at + 1], claims[at + 4], claims[at + 5], claims[at + 6], claims[at + 7]
  local c = counters[i]
  windows[i] = open(c, now, kind, p, q, claims[at + 8])
  if kind == RATE then add(c, windows[i], cost, now, kind, p, q) else hold(c, kind, cost) end
  first[place], last[place] = first[place] or i, i
  kept[place] = math.max(kept[place] or 0, claims[at + 9])
end
local own_keys = {}
for i, subject in ipairs(subjects) do
  subject.look = math.min(subject.look, expires)
  save(subject, ARGV[5], new_lease(expires, dispatched, first[i], last[i], windows, slots))
  keep(subject, now, kept[i] + duration)
  own_keys[i] = KEYS[i + 2]
end
redis.call('SET', KEYS[2], cmsgpack.pack({ 'held', expires, dispatched, own_keys }), 'PX', duration + HOUR_MS)
return standing(counters, 1, now)
`;

/** KEYS: clock, hold, subjects. ARGV 4…: ending, lease field, what was used by unit as doubles, whether
 * the subjects are known; where not, it answers their keys and does nothing. */
const FINISH = `
local now = clock()
if not now then return redis.error_reply('GUARDLOST') end
local stored = redis.call('GET', KEYS[2])
if not stored then return 'unknown' end
local hold_state = cmsgpack.unpack(stored)
if hold_state[1] ~= 'held' then return hold_state[1] == ARGV[4] and 'replayed' or 'refused' end
if ARGV[7] ~= '1' then return hold_state[4] end
local used = doubles_in(ARGV[6])
for _, subject in ipairs(load_all(now, ARGV[5])) do
  if subject.lease then
    post(subject, cmsgpack.unpack(subject.lease), now, used)
    redis.call('HDEL', subject.key, ARGV[5])
  end
  if subject.changed then save(subject) end
end
redis.call('SET', KEYS[2], cmsgpack.pack({ ARGV[4] }), 'PX', HOUR_MS)
return 'done'
`;

/** KEYS: clock, hold, subjects. ARGV 4…: lease field, duration, dispatched, and as in `FINISH`. */
const RENEW = `
local now = clock()
if not now then return redis.error_reply('GUARDLOST') end
local stored = redis.call('GET', KEYS[2])
local state = stored and cmsgpack.unpack(stored)
if not state or state[1] ~= 'held' or state[2] <= now then return 0 end
if ARGV[7] ~= '1' then return state[4] end
local duration = tonumber(ARGV[5])
state[2] = math.max(state[2], now + duration)
state[3] = math.max(state[3], tonumber(ARGV[6]))
for _, subject in ipairs(load_all(now, ARGV[4])) do
  if subject.lease then
    local lease = cmsgpack.unpack(subject.lease)
    lease[1], lease[2] = state[2], state[3]
    redis.call('HSET', subject.key, ARGV[4], cmsgpack.pack(lease))
    keep(subject, now, duration)
  end
  if subject.changed then save(subject) end
end
redis.call('SET', KEYS[2], cmsgpack.pack(state), 'PX', state[2] - now + HOUR_MS)
return 1
`;

/** KEYS: clock, clock again, subjects. ARGV 4: claims. */
const READ = `
local now = clock()
if not now then return redis.error_reply('GUARDLOST') end
local claims, counters = doubles_in(ARGV[4]), {}
local subjects = load_all(now)
for i = 1, #claims / WIDTH do
  local at = (i - 1) * WIDTH
  counters[i] = counter_at(subjects[claims[at + 1]].counters, ARGV[4 + i], claims[at + 5])
end
save_changed(subjects)
return standing(counters, 1, now)
`;

/** KEYS: clock, gift, subjects. ARGV 4: claims, whose cost is the gift; below zero: all is forgiven. */
const CREDIT = `
local now = clock()
if not now then return redis.error_reply('GUARDLOST') end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'replayed' end
local claims = doubles_in(ARGV[4])
local subjects = load_all(now)
for i = 1, #claims / WIDTH do
  local at = (i - 1) * WIDTH
  local amount, kind, p, q, r = claims[at + 4], claims[at + 5], claims[at + 6], claims[at + 7], claims[at + 8]
  local subject = subjects[claims[at + 1]]
  local c = counter_at(subject.counters, ARGV[4 + i], kind)
  if amount ~= 0 then
    local window = open(c, now, kind, p, q, r)
    if amount > 0 then
      add(c, window, -amount, now, kind, p, q)
    elseif kind == RATE then
      c[1] = 0
    elseif kind == CALENDAR then
      c[2] = math.min(0, c[2])
    elseif kind == ROLLING and used_of(c, now, kind, p) > 0 then
      for at_bucket = #c, 2, -1 do c[at_bucket] = nil end
    end
    subject.changed = true
    subject.kept = math.max(subject.kept or 0, claims[at + 9])
  end
end
for _, subject in ipairs(subjects) do
  if subject.changed then save(subject) end
  if subject.kept then keep(subject, now, subject.kept) end
end
redis.call('SET', KEYS[2], '1', 'PX', HOUR_MS)
return 'done'
`;

export const scripts = {
  reserve: script(SHARED + RESERVE),
  finish: script(SHARED + FINISH),
  renew: script(SHARED + RENEW),
  read: script(SHARED + READ),
  credit: script(SHARED + CREDIT),
} as const;
