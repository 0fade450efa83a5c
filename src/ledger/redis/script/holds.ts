/** The state of the namespace, the holds that the verbs name, and how the other ids ended.
 * `again`: the reply of a script that does not run the verbs; see README.md. */
export const STATE = `
local numbers = { read(format_of(#ARGV[NUMBERS] / 8), ARGV[NUMBERS]) }
local count, again = numbers[1], nil
local found = call('HMGET', KEYS[HOLDS], '=', unpack(ARGV, NUMBERS + 1, NUMBERS + count))
local is_new = not found[1]
if is_new and ARGV[3] == '1' then return redis.error_reply('GUARDLOST') end
local latest, era, generation, next_look = read('<dddd', found[1] or pack('<dddd', 0, now, -1, 0))
local is_state_changed = now > latest
if latest > now then now = latest end
local hour = floor(now / HOUR_MS)

-- By id: holds as Redis stores them, how an id ended, and which ids the verbs have changed.
local holds, endings, touched, unknown = {}, {}, {}, {}
for i = 1, count do
  local id = ARGV[NUMBERS + i]
  if found[i + 1] then holds[id] = found[i + 1] elseif id ~= '' then unknown[#unknown + 1] = id end
end
if unknown[1] then
  for of = generation, hour - 1, -1 do
    found = call('HMGET', KEYS[ENDED + of % 3], unpack(unknown))
    for i = 1, #unknown do
      if found[i] then endings[unknown[i]] = found[i] end
    end
  end
end
`;

/** Reads a hold. */
export const HOLDS = `
local function hold_in(text) return { read(format_of(WINDOWS + byte(text)), text, 2) } end

-- With another due, phase and kept-until.
local function renewed(text, due, phase, kept)
  return sub(text, 1, 1) .. pack('<ddd', due, phase, kept) .. sub(text, 26)
end

-- Returns the plan of a hold and its accounts. If the batch does not name all of these, returns
-- nothing, and the batch must be sent again with them.
local by_name
local function parties_of(text)
  if not by_name then
    by_name = {}
    for i = 1, #accounts do by_name[sub(accounts[i].key, #KEYS[HOLDS] - 2)] = accounts[i] end
  end
  local plan, at = plan_in(text, 2 + 8 * (WINDOWS + byte(text)))
  local own, name, is_whole = {}, nil, true
  for i = 1, #plan.layouts do
    name, at = read('<I4c0', text, at)
    own[i] = by_name[name]
    if not own[i] then
      is_whole, again = false, again or { AGAIN }
      again[#again + 1] = name
    end
  end
  if is_whole then return plan, own end
end
`;
