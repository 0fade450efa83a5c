/** Formats of doubles in a row, made once a batch. */
export const FORMATS = `
local formats = {}
local function format_of(count)
  local format = formats[count]
  if not format then
    format = '<' .. rep('d', count)
    formats[count] = format
  end
  return format
end
`;

/**
 * The accounts of a batch, as tables: `key`; `layout`, its slots as text; `doubles`, kept-until and
 * what its slots count; `past`, earlier buckets as text; `value`, the whole as Redis stores it, if
 * that is known; `changed`, whether it must be written; `expires`, its new time to live, if that
 * changes.
 */
export const ACCOUNTS = `
local accounts = {}
if KEYS[FIRST_ACCOUNT] then
  local values = call('MGET', unpack(KEYS, FIRST_ACCOUNT))
  for i = 1, #values do
    local value, layout, doubles, past = values[i] or nil, '', { 0, era }, ''
    if value then
      local slots, count = read('<HH', value)
      local from = 5 + 8 * slots
      layout, past = sub(value, 5, from - 1), sub(value, from + 8 * count)
      doubles = { read(format_of(count), value, from) }
      doubles[count + 1] = nil
      if doubles[ERA] ~= era then
        -- The table of holds was lost, and with it what they held.
        doubles[ERA], value = era, nil
        local at = FIRST_SLOT
        for k = 1, #layout, 8 do
          local kind = byte(layout, k)
          if kind ~= RATE then doubles[at] = 0 end
          at = at + WIDTHS[kind]
        end
      end
    end
    accounts[i] = {
      key = KEYS[FIRST_ACCOUNT - 1 + i], layout = layout, doubles = doubles, past = past,
      value = value, changed = false, expires = false, name = false,
    }
  end
end

local function value_of(account)
  local value = account.value
  if not value then
    local layout, doubles = account.layout, account.doubles
    value = pack('<HH', #layout / 8, #doubles) .. layout
      .. pack(format_of(#doubles), unpack(doubles)) .. account.past
    account.value = value
  end
  return value
end

-- Makes an account begin with these slots, in this order, so that their places are those of the plan.
local function arrange(account, layout)
  local before = account.layout
  if before == layout or sub(before, 1, #layout) == layout then return end
  local doubles, from, at = account.doubles, {}, FIRST_SLOT
  for i = 1, #before, 8 do
    from[sub(before, i, i + 7)] = at
    at = at + WIDTHS[byte(before, i)]
  end
  local after, moved, count = layout, { doubles[KEPT_UNTIL], doubles[ERA] }, 2
  local function move(slot)
    local width = WIDTHS[byte(slot)]
    for k = 0, width - 1 do moved[count + k + 1] = from[slot] and doubles[from[slot] + k] or 0 end
    count, from[slot] = count + width, nil
  end
  for i = 1, #layout, 8 do move(sub(layout, i, i + 7)) end
  for i = 1, #before, 8 do
    local slot = sub(before, i, i + 7)
    if from[slot] then
      move(slot)
      after = after .. slot
    end
  end
  account.doubles, account.layout, account.value = moved, after, nil
end

-- Marks an account as changed. It is kept twice as long as necessary, so that not every batch has to
-- set its time to live.
local function change(account, kept)
  local doubles = account.doubles
  account.value, account.changed = nil, true
  if doubles[KEPT_UNTIL] < now + kept then
    account.expires = ceil(2 * kept)
    doubles[KEPT_UNTIL] = now + account.expires
  end
end
`;
