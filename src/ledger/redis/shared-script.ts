/** The server's time, never before what it was; the client's where scripts may not ask for it. */
export const CLOCK = `
local function clock()
  local now = tonumber(ARGV[1])
  if not now then
    local time = redis.pcall('TIME')
    now = time.err and tonumber(ARGV[2]) or time[1] * 1000 + math.floor(time[2] / 1000)
  end
  local latest = tonumber(redis.call('GET', KEYS[1]) or false)
  if not latest and ARGV[3] == '1' then return nil end
  if latest and latest >= now then return latest end
  redis.call('SET', KEYS[1], string.format('%.0f', now))
  return now
end
`;

/**
 * What all scripts share. KEYS: the clock, what the verb names, then one hash for each subject. ARGV:
 * `[now or '', client's now, must exist, …]`.
 *
 * A subject's hash has `c`, its counters by slot; `m`, before which no lease of it needs a look; and
 * `L<id>` for each hold, with what that has of this subject. Numbers are packed as MessagePack, which
 * keeps every double; a text would lose digits. A lease that is over is ended by whoever comes next to
 * its subject, as of the moment when it was over; it stays for an hour, to be corrected.
 */
export const SHARED = `
local ROLLING, CALENDAR, RATE = 1, 2, 3
local BUCKETS, EXACT, HOUR_MS, KEPT_MS = 24, 9007199254740991, 3600000, 172800000

${CLOCK}
local function bucket_of(now, window) return math.floor(now * BUCKETS / window) end
local function saturate(amount) return math.min(amount, EXACT) end

local function debt_of(c, amount, period, now)
  return math.max(c[1] - (now - c[2]) * amount / period, 0)
end

-- A rule is its kind and parameters p, q, r: rolling (window), calendar (start, end, next start), rate
-- (amount, period). A counter: rolling { held, bucket, amount, ... }, calendar { start, used, held },
-- rate { debt, as of }, concurrent { held }.
local function counter_at(counters, slot, kind)
  local c = counters[slot]
  if not c then
    c = kind == CALENDAR and { 0, 0, 0 } or kind == RATE and { 0, 0 } or { 0 }
    counters[slot] = c
  end
  return c
end

local function used_of(c, now, kind, p, q, r)
  if kind == ROLLING then
    local newest, used = bucket_of(now, p), 0
    for i = 2, #c, 2 do
      if c[i] >= newest - BUCKETS and c[i] <= newest then used = used + c[i + 1] end
    end
    return used
  elseif kind == CALENDAR then
    return (now < q and p or r) > c[1] and 0 or c[2]
  elseif kind == RATE then
    return math.ceil(debt_of(c, p, q, now))
  end
  return 0
end

local function hold(c, kind, amount)
  local at = kind == CALENDAR and 3 or 1
  c[at] = c[at] + amount
end

local function open(c, now, kind, p, q, r)
  if kind == ROLLING then return bucket_of(now, p) end
  if kind ~= CALENDAR then return 0 end
  local start = now < q and p or r
  if start > c[1] then c[1] = start; c[2] = 0 end
  return c[1]
end

local function add_rolling(c, window, bucket, amount, now)
  local newest = bucket_of(now, window)
  if bucket < newest - BUCKETS or bucket > newest then return end
  local kept, found = { c[1] }, false
  for i = 2, #c, 2 do
    if c[i] >= newest - BUCKETS then
      local more = c[i] == bucket and amount or 0
      found = found or c[i] == bucket
      kept[#kept + 1] = c[i]
      kept[#kept + 1] = saturate(c[i + 1] + more)
    end
  end
  if not found then kept[#kept + 1] = bucket; kept[#kept + 1] = saturate(amount) end
  for i = 1, math.max(#c, #kept) do c[i] = kept[i] end
end

local function add(c, window, amount, now, kind, p, q)
  if amount == 0 then return end
  if kind == ROLLING then
    add_rolling(c, p, window, amount, now)
  elseif kind == CALENDAR then
    if c[1] == window then c[2] = saturate(c[2] + amount) end
  elseif kind == RATE then
    c[1] = saturate(math.max(0, debt_of(c, p, q, now) + amount))
    c[2] = now
  end
end

-- Claims are doubles, nine for each: subject, unit, capacity, cost, kind, p, q, r, kept for. Those of one
-- subject stand together; their slots are the last of ARGV.
local WIDTH, DOUBLE = 9, 8
local function doubles_in(text)
  local numbers = { struct.unpack('<' .. string.rep('d', #text / DOUBLE), text) }
  -- The last says where reading ended.
  numbers[#numbers] = nil
  return numbers
end

-- A lease: { expires, dispatched, phase, its claims as they came, the windows they count in, slots }.
local LEASE_SLOTS = 5
local function new_lease(expires, dispatched, first, last, windows, slots)
  local claims = string.sub(ARGV[4], (first - 1) * WIDTH * DOUBLE + 1, last * WIDTH * DOUBLE)
  local packed = struct.pack('<' .. string.rep('d', last - first + 1), unpack(windows, first, last))
  return { expires, dispatched, 'held', claims, packed, unpack(ARGV, slots + first, slots + last) }
end

-- Posts what every share used: by unit, or its own cost, or nothing.
local function post(subject, lease, now, used)
  local phase, claims, windows = lease[3], doubles_in(lease[4]), doubles_in(lease[5])
  for i = 1, #windows do
    local at = (i - 1) * WIDTH
    local cost, kind = claims[at + 4], claims[at + 5]
    local c = counter_at(subject.counters, lease[LEASE_SLOTS + i], kind)
    local total = used == 'cost' and cost or used and used[claims[at + 2]] or 0
    if phase == 'charged' or (phase == 'held' and kind == RATE) then total = total - cost end
    if phase == 'held' and kind ~= RATE then hold(c, kind, -cost) end
    add(c, windows[i], total, now, kind, claims[at + 6], claims[at + 7])
  end
  subject.changed = true
end

local function expire(subject, id, lease)
  post(subject, lease, lease[1], lease[2] == 1 and 'cost' or nil)
  lease[3] = lease[2] == 1 and 'charged' or 'freed'
  redis.call('HSET', subject.key, id, cmsgpack.pack(lease))
end

local function look_at_leases(subject, now)
  local fields, over, next_look = redis.call('HGETALL', subject.key), {}, now + HOUR_MS
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 1) == 'L' then
      local lease = cmsgpack.unpack(fields[i + 1])
      if lease[3] == 'held' and lease[1] <= now then
        over[#over + 1] = { fields[i], lease }
      elseif lease[3] ~= 'held' and lease[1] + HOUR_MS <= now then
        redis.call('HDEL', subject.key, fields[i])
      else
        next_look = math.min(next_look, lease[3] == 'held' and lease[1] or lease[1] + HOUR_MS)
      end
    end
  end
  table.sort(over, function(a, b) return a[2][1] < b[2][1] end)
  for _, one in ipairs(over) do expire(subject, one[1], one[2]) end
  subject.look = next_look
  subject.changed = true
end

-- With the lease of a call, where its field is named.
local function load(key, now, field)
  local found = redis.call('HMGET', key, 'c', 'm', 'p', field or '-')
  local subject = {
    key = key,
    counters = found[1] and cmsgpack.unpack(found[1]) or {},
    look = tonumber(found[2] or false) or math.huge,
    kept_until = tonumber(found[3] or false) or 0,
    lease = found[4],
  }
  if subject.look <= now then
    look_at_leases(subject, now)
    subject.lease = field and redis.call('HGET', key, field)
  end
  return subject
end

local function load_all(now, field)
  local subjects = {}
  for i = 3, #KEYS do subjects[i - 2] = load(KEYS[i], now, field) end
  return subjects
end

local function save(subject, field, lease)
  local look = subject.look < math.huge and string.format('%.0f', subject.look) or ''
  local packed = cmsgpack.pack(subject.counters)
  if lease then
    redis.call('HSET', subject.key, 'c', packed, 'm', look, field, cmsgpack.pack(lease))
  else
    redis.call('HSET', subject.key, 'c', packed, 'm', look)
  end
end

-- Kept for twice as long as anything on it counts, so that not every call has to say so again.
local function keep(subject, now, duration)
  if subject.kept_until >= now + duration then return end
  redis.call('HSET', subject.key, 'p', string.format('%.0f', now + 2 * duration))
  redis.call('PEXPIRE', subject.key, string.format('%.0f', 2 * duration))
end

local function save_changed(subjects)
  for _, subject in ipairs(subjects) do if subject.changed then save(subject) end end
end

local function fits(c, now, capacity, cost, kind, p, q, r)
  if capacity == 0 then return false end
  if cost == 0 then return true end
  local held = kind == RATE and 0 or kind == CALENDAR and c[3] or c[1]
  return used_of(c, now, kind, p, q, r) + held + cost <= capacity
end

-- Redis answers whole numbers as they are; only a debt may be none.
local function standing(counters, status, now)
  for _, c in ipairs(counters) do
    if c[2] and not c[3] and c[1] % 1 ~= 0 then c[1] = string.format('%.17g', c[1]) end
  end
  return { status, now, unpack(counters) }
end
`;
