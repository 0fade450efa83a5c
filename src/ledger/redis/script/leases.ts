import { UNITS } from '../../amounts.ts';
import { FILLER } from './layout.ts';

const ZEROS = UNITS.map(() => 0).join(', ');

/** Ends leases that are over, oldest first, each as of its end. The verbs wait until there are
 * none. Otherwise finds when the next one ends. An index that Redis has evicted is made again. */
export const LEASES = `
if next_look <= now then
  local due = call('ZRANGEBYSCORE', KEYS[LEASES], '-inf', now, 'LIMIT', 0, PAGE)
  if due[1] then
    local texts, parties = call('HMGET', KEYS[HOLDS], unpack(due)), {}
    for i = 1, #due do
      local hold = texts[i] and hold_in(texts[i])
      if hold and hold[PHASE] < CHARGED then parties[i] = { hold, parties_of(texts[i]) } end
    end
    if again then return again end
    for i = 1, #due do
      local id, party = due[i], parties[i]
      touched[id], holds[id] = true, nil
      if party then
        local hold, phase, used, place = party[1], FREED, { ${ZEROS} }, 0
        if hold[PHASE] == DISPATCHED then phase, used, place = CHARGED, hold, AMOUNTS end
        post(hold, party[2], party[3], used, place, hold[DUE])
        holds[id] = renewed(texts[i], hold[DUE] + HOUR_MS, phase, hold[KEPT])
      end
    end
    again, count = { AGAIN }, 0
  elseif call('ZCOUNT', KEYS[LEASES], '-inf', '(inf') < call('HLEN', KEYS[HOLDS]) - 1 then
    local all = call('HGETALL', KEYS[HOLDS])
    for i = 1, #all, 2 do
      if all[i] ~= '=' then call('ZADD', KEYS[LEASES], read('<d', all[i + 1], 2), all[i]) end
    end
    call('ZADD', KEYS[LEASES], '+inf', '${FILLER}')
    return { AGAIN }
  else
    local first = call('ZRANGE', KEYS[LEASES], 0, 0, 'WITHSCORES')
    next_look, is_state_changed = tonumber(first[2] or 'inf'), true
  end
end
`;
