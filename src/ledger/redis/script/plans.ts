/** Returns the plan in a text from this byte on, and where it ends. */
export const PLANS = `
local function plan_in(text, from)
  local claim_count, account_count, kept = read('<HHd', text, from)
  local claims = { read('<' .. rep('BBBBHddd', claim_count), text, from + 12) }
  local layouts, at = {}, claims[CLAIM * claim_count + 1]
  for i = 1, account_count do
    local size = 8 * read('<H', text, at)
    layouts[i] = sub(text, at + 2, at + 1 + size)
    at = at + 2 + size
  end
  return { claims = claims, count = claim_count, layouts = layouts, kept = kept }, at
end
`;
