import { UNITS } from '../../amounts.ts';

/** Due, phase and kept-until, then an amount for each unit. */
const HOLD_DOUBLES = 'd'.repeat(3 + UNITS.length);

/** Takes all claims or none, and the hold with its lease. See verbs.ts. */
export const RESERVING = `
    local claims, windows, counted_in = plan.claims, plan.windows, plan.windows
    local due, dispatched, kept = now + numbers[at + 1], numbers[at + 2], numbers[at + 1] + plan.kept
    local costs, capacities = at + 2, at + 2 + UNITS
    at = capacities + plan.count
    status = (holds[id] or endings[id]) and GRANTED_BEFORE or GRANTED
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
          if counted_in == windows then counted_in = { unpack(windows) } end
          counted_in[k] = open
        end
      elseif kind == ROLLING then
        roll(account, place, windows[k])
        taken = taken + s[place + USED]
      elseif kind == RATE then
        local refilled = (now - s[place + AS_OF]) * claims[j + AMOUNT] / claims[j + PERIOD]
        taken = ceil(max(taken - refilled, 0))
      end
      local fits = capacity ~= 0 and (cost == 0 or taken + cost <= capacity)
      if status == GRANTED and not fits then status = DENIED end
    end
    if status == GRANTED then
      for k = 1, plan.count do
        local j = CLAIM * (k - 1)
        local account, kind, place = own[claims[j + ACCOUNT]], claims[j + KIND], claims[j + PLACE]
        local s, cost = account.doubles, numbers[costs + claims[j + UNIT]]
        if kind ~= RATE then
          if kind == CALENDAR and windows[k] > s[place + START] then
            s[place + START], s[place + USED] = windows[k], 0
          end
          s[place] = s[place] + cost
        elseif cost ~= 0 then
          add_debt(account, place, cost, claims[j + AMOUNT], claims[j + PERIOD], now)
        end
      end
      local tail = plan.tail
      if counted_in ~= windows then tail = pack(format_of(plan.count), unpack(counted_in)) .. plan.text end
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
    end
`;
