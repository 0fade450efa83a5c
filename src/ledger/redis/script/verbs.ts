import { CREDITING } from './crediting.ts';
import { RESERVING } from './reserving.ts';

/** Runs each verb in turn, on what is in memory. `at`: the place in `numbers` before the verb's
 * own; `own`: the accounts of its plan. */
export const VERBS = `
local out, o, at, plans = { now }, 1, 1, {}
for v = 1, count do
  local code, id, plan, own, status = numbers[at + 1], ARGV[NUMBERS + v], nil, {}, DONE
  local which = numbers[at + 2]
  at = at + 2
  if which > 0 then
    plan = plans[which]
    if not plan then
      local text = ARGV[NUMBERS + count + which]
      plan = plan_in(text, 1)
      local claims, windows = plan.claims, {}
      for k = 1, plan.count do
        local j = CLAIM * (k - 1)
        local kind = claims[j + KIND]
        windows[k] = kind == ROLLING and floor(now * BUCKETS / claims[j + WINDOW])
          or kind == CALENDAR and claims[j + (now < claims[j + UNTIL] and FROM or NEXT)] or 0
      end
      plan.windows, plan.text = windows, text
      plan.tail = pack(format_of(plan.count), unpack(windows)) .. text
      plans[which] = plan
    end
    for k = 1, #plan.layouts do
      own[k] = accounts[numbers[at + k]]
      arrange(own[k], plan.layouts[k])
    end
    at = at + #own
  end
  if code == RESERVE then
${RESERVING}
  elseif code == SETTLE or code == RELEASE then
    local ending, text, earlier = code == SETTLE and 'S' or 'R', holds[id], endings[id]
    if earlier then
      status = earlier == ending and REPLAYED or REFUSED
    elseif not text then
      status = UNKNOWN
    else
      if not plan then plan, own = parties_of(text) end
      if own then
        post(hold_in(text), plan, own, numbers, at, now)
        holds[id], endings[id], touched[id] = nil, ending, true
      end
    end
    at = at + UNITS
  elseif code == RENEW then
    local text, due, dispatched = holds[id], now + numbers[at + 1], numbers[at + 2]
    local hold = text and hold_in(text)
    if hold and hold[PHASE] < CHARGED then
      local kept = hold[KEPT]
      if due > kept then
        -- The hold has lived for so long that its accounts might not outlive it.
        local _, its_own = parties_of(text)
        kept = due + KEPT_MS
        for _, account in ipairs(its_own or {}) do change(account, kept - now) end
      end
      holds[id] = renewed(text, max(hold[DUE], due), max(hold[PHASE], dispatched), kept)
      touched[id] = true
    else
      status = UNKNOWN
    end
    at = at + 2
  elseif code == CREDIT then
${CREDITING}
  end
  o = o + 1
  out[o] = status
  if code == RESERVE or code == READ then
    for k = 1, #own do out[o + k] = value_of(own[k]) end
    o = o + #own
  end
end
if again and count > 0 then return again end
`;
