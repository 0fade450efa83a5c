/** Gives to the windows that run now. Below zero: forgives everything that was used. See verbs.ts. */
export const CREDITING = `
    if endings[id] then
      status = REPLAYED
    else
      local claims = plan.claims
      for k = 1, plan.count do
        local j = CLAIM * (k - 1)
        local account, kind, place = own[claims[j + ACCOUNT]], claims[j + KIND], claims[j + PLACE]
        local s, amount, window = account.doubles, numbers[at + claims[j + UNIT]], plan.windows[k]
        local forgives = amount < 0
        if amount ~= 0 then
          if kind == CALENDAR then
            if window > s[place + START] then s[place + START], s[place + USED] = window, 0 end
            s[place + USED] = forgives and min(s[place + USED], 0) or s[place + USED] - amount
          elseif kind == ROLLING then
            roll(account, place, window)
            if not forgives then
              add_rolling(account, place, window, -amount, window)
            elseif s[place + USED] > 0 then
              add_past(account, place, math.huge, 0, 0)
              s[place + USED], s[place + CURRENT] = 0, 0
            end
          elseif kind == BALANCE then
            s[place + SPENT] = forgives and min(s[place + SPENT], 0) or s[place + SPENT] - amount
          elseif kind == RATE and forgives then
            s[place + DEBT] = 0
          elseif kind == RATE then
            add_debt(account, place, -amount, claims[j + AMOUNT], claims[j + PERIOD], now)
          end
          change(account, plan.kept)
        end
      end
      endings[id], touched[id] = 'C', true
    end
    at = at + UNITS
`;
