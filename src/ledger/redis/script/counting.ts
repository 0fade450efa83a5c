/** How accounts count. `at` is the place of a slot; README.md describes its numbers. */
export const COUNTING = `
-- Adds to one of the earlier buckets of a rolling slot, drops those before the oldest that counts,
-- and returns their sum. The buckets of all slots are in threes: slot, number, amount.
local function add_past(account, at, oldest, bucket, amount)
  local layout, place, i = account.layout, FIRST_SLOT, 1
  while place < at do
    place, i = place + WIDTHS[byte(layout, i)], i + 8
  end
  local slot, used, kept = sub(layout, i, i + 7), 0, {}
  local past = { read('<' .. rep('c8dd', #account.past / 24), account.past) }
  for from = 1, #past - 1, 3 do
    local number, counted = past[from + 1], past[from + 2]
    if past[from] == slot then
      if number == bucket then counted, amount = min(counted + amount, EXACT), 0 end
      if number < oldest then counted = 0 end
      used = used + counted
    end
    if counted ~= 0 then kept[#kept + 1] = pack('<c8dd', past[from], number, counted) end
  end
  if amount ~= 0 and bucket >= oldest then
    used = used + min(amount, EXACT)
    kept[#kept + 1] = pack('<c8dd', slot, bucket, min(amount, EXACT))
  end
  account.past = concat(kept)
  return used
end

local function roll(account, at, newest)
  local s = account.doubles
  if newest <= s[at + NEWEST] then return end
  s[at + USED] = add_past(account, at, newest - BUCKETS, s[at + NEWEST], s[at + CURRENT])
  s[at + NEWEST], s[at + CURRENT] = newest, 0
end

local function add_rolling(account, at, bucket, amount, newest)
  roll(account, at, newest)
  local s = account.doubles
  local before, oldest = s[at + CURRENT], s[at + NEWEST] - BUCKETS
  if bucket == s[at + NEWEST] then
    s[at + CURRENT] = min(before + amount, EXACT)
    s[at + USED] = s[at + USED] + s[at + CURRENT] - before
  elseif bucket < s[at + NEWEST] and bucket >= oldest then
    s[at + USED] = add_past(account, at, oldest, bucket, amount) + before
  end
end

-- Keeps the account until the debt is paid, too.
local function add_debt(account, at, amount, rate, period, time)
  local s = account.doubles
  local debt = max(s[at + DEBT] - (time - s[at + AS_OF]) * rate / period, 0)
  debt = min(max(debt + amount, 0), EXACT)
  s[at + DEBT], s[at + AS_OF] = debt, time
  change(account, min(2 * debt * period / rate, KEPT_MS_MAX))
end

-- Ends a hold at what was used, or corrects what an expired one was charged. The amounts are in used,
-- after this place. Below zero: what was held by rates, and nothing of other kinds. Held never falls
-- below zero, also if Redis has evicted the account.
local function post(hold, plan, own, used, place, time)
  local claims, phase = plan.claims, hold[PHASE]
  for i = 1, #own do
    arrange(own[i], plan.layouts[i])
    change(own[i], plan.kept)
  end
  for k = 1, plan.count do
    local j = CLAIM * (k - 1)
    local account, unit = own[claims[j + ACCOUNT]], claims[j + UNIT]
    local s, kind, at = account.doubles, claims[j + KIND], claims[j + PLACE]
    local cost, amount, window = hold[AMOUNTS + unit], used[place + unit], hold[WINDOWS + k]
    local credits = claims[j + CREDITS]
    if amount < 0 then amount = kind == RATE and cost or 0 end
    if credits > 0 then
      -- Limits are used before credits. If the hold took no credits, limits take all that was used.
      local on_credit = hold[WINDOWS + credits]
      local limited = on_credit == 0 and amount or min(amount, cost - on_credit)
      if credits == k then
        cost, amount = on_credit, amount - limited
      else
        cost, amount = cost - on_credit, limited
      end
    end
    if kind == RATE and window ~= 0 then
      -- A shadow rate, which took nothing.
      amount = 0
    elseif phase == CHARGED or phase < CHARGED and kind == RATE then
      amount = amount - cost
    elseif phase < CHARGED then
      s[at] = max(s[at] - cost, 0)
    end
    if amount ~= 0 then
      if kind == CALENDAR then
        if s[at + START] == window then s[at + USED] = min(s[at + USED] + amount, EXACT) end
      elseif kind == ROLLING then
        add_rolling(account, at, window, amount, floor(time * BUCKETS / claims[j + WINDOW]))
      elseif kind == BALANCE then
        s[at + SPENT] = min(s[at + SPENT] + amount, EXACT)
      elseif kind == RATE then
        add_debt(account, at, amount, claims[j + AMOUNT], claims[j + PERIOD], time)
      end
    end
  end
end
`;
