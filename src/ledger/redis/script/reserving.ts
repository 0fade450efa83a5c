import { UNITS } from '../../amounts.ts';

/** Due, phase and kept-until, then an amount for each unit. */
const HOLD_DOUBLES = 'd'.repeat(3 + UNITS.length);

/** Finds whether all claims fit, and what of them is for credits. */
const DECIDING = `
    local claims, windows = plan.claims, plan.windows
    local due, dispatched, kept = now + numbers[at + 1], numbers[at + 2], numbers[at + 1] + plan.kept
    local costs, capacities = at + 2, at + 2 + UNITS
    at = capacities + plan.count
    status = (holds[id] or endings[id]) and GRANTED_BEFORE or GRANTED
    -- Windows of this hold that are not those of the plan, and rooms of credits. Mostly there are none.
    local noted, rooms, shadows = nil, nil, ''
    for k = 1, plan.count do
      local j = CLAIM * (k - 1)
      local account, kind, place = own[claims[j + ACCOUNT]], claims[j + KIND], claims[j + PLACE]
      local s, cost, capacity = account.doubles, numbers[costs + claims[j + UNIT]], numbers[capacities + k]
      local taken = s[place]
      if kind == CALENDAR then
        local open = s[place + START]
        if windows[k] <= open then taken = taken + s[place + USED] end
        -- If the caller's clock is behind the open window, the call counts in that window.
        if windows[k] < open then
          noted = noted or {}
          noted[k] = open
        end
      elseif kind == ROLLING then
        roll(account, place, windows[k])
        taken = taken + s[place + USED]
      elseif kind == BALANCE then
        taken = taken + s[place + SPENT]
      elseif kind == RATE then
        local refilled = (now - s[place + AS_OF]) * claims[j + AMOUNT] / claims[j + PERIOD]
        taken = ceil(max(taken - refilled, 0))
      end
      local credits, is_shadow = claims[j + CREDITS], capacity < 0
      if is_shadow then capacity = -1 - capacity end
      if credits == k then
        rooms = rooms or {}
        rooms[k] = max(capacity - taken, 0)
      elseif credits > 0 then
        -- Credits are for what does not fit in the limit with the least room. A limit of 0 has none.
        local room = capacity == 0 and 0 or max(capacity - taken, 0)
        noted = noted or {}
        noted[credits] = max(noted[credits] or 0, cost - room)
      elseif capacity == 0 and kind ~= BALANCE or cost ~= 0 and taken + cost > capacity then
        if is_shadow then
          shadows = shadows .. ' ' .. k
          if kind == RATE then
            noted = noted or {}
            noted[k] = TOOK_NOTHING
          end
        elseif status == GRANTED then
          status = DENIED
        end
      end
    end
    if rooms and noted and status == GRANTED then
      for k, room in pairs(rooms) do
        if (noted[k] or 0) > room then status = DENIED end
      end
    end
`;

/** Takes all claims, and the hold with its lease. */
const TAKING = `
    if status == GRANTED then
      local counted_in = windows
      if noted then
        counted_in = { unpack(windows) }
        for k, window in pairs(noted) do counted_in[k] = window end
      end
      for k = 1, plan.count do
        local j = CLAIM * (k - 1)
        local account, kind, place = own[claims[j + ACCOUNT]], claims[j + KIND], claims[j + PLACE]
        local s, cost, credits = account.doubles, numbers[costs + claims[j + UNIT]], claims[j + CREDITS]
        if credits > 0 then
          cost = credits == k and counted_in[k] or cost - counted_in[credits]
        end
        if kind ~= RATE then
          if kind == CALENDAR and windows[k] > s[place + START] then
            s[place + START], s[place + USED] = windows[k], 0
          end
          s[place] = s[place] + cost
        elseif cost ~= 0 and counted_in[k] == 0 then
          add_debt(account, place, cost, claims[j + AMOUNT], claims[j + PERIOD], now)
        end
      end
      local tail = plan.tail
      if noted then tail = pack(format_of(plan.count), unpack(counted_in)) .. plan.text end
      for k = 1, #own do
        local account = own[k]
        change(account, kept)
        if not account.name then
          local name = sub(account.key, #KEYS[HOLDS] - 2)
          account.name = pack('<I4', #name) .. name
        end
        tail = tail .. account.name
      end
      holds[id] = pack('<B${HOLD_DOUBLES}', plan.count, due, dispatched, now + kept,
        unpack(numbers, costs + 1, costs + UNITS)) .. tail
      touched[id] = true
      if due < next_look then next_look, is_state_changed = due, true end
      if shadows ~= '' then status = status .. shadows end
    end
`;

/** Takes all claims or none. See verbs.ts. */
export const RESERVING = DECIDING + TAKING;
