import { applyGrant, type GrantEvent } from '../accounts/credits.ts';
import { Attached } from '../base/attached.ts';
import type { Clock } from '../base/clock.ts';
import { parseUserId, type UserId } from '../core/user.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Records } from '../ledger/records.ts';
import type { PushedPlan } from '../plans/plan-resolver.ts';
import { NO_PURCHASES, type ProviderPurchases, planOfPurchases } from './purchases.ts';
import { creditAccount } from './usage.ts';
import type { UserState, UserStates } from './user-states.ts';

/** The users of a guard, for webhooks of billing providers that are mounted beside it. */
export class BilledUsers {
  readonly #states: UserStates;
  readonly #ledger: Ledger;
  readonly #planNames: readonly string[];
  readonly #clock: Clock;

  constructor(states: UserStates, planNames: Iterable<string>, ledger: Ledger, clock: Clock) {
    this.#states = states;
    this.#ledger = ledger;
    this.#planNames = [...planNames];
    this.#clock = clock;
  }

  /** Throws a `TypeError` if a mapping of a provider's names to plans names no plan. */
  checkPlans(mapping: Readonly<Record<string, string>>, path: string): void {
    for (const [name, plan] of Object.entries(mapping)) {
      if (this.#planNames.includes(plan)) continue;
      const known = this.#planNames.map((each) => `"${each}"`).join(', ');
      throw new TypeError(`"${path}.${name}": must be a plan (${known}), not "${plan}"`);
    }
  }

  /**
   * Changes what a user has bought at one provider, and with it their plan, in every process within 1 s. A
   * plan that the operator has set later than the latest of these events stays.
   */
  async change(
    userId: UserId,
    provider: string,
    change: (purchases: ProviderPurchases) => ProviderPurchases,
  ): Promise<void> {
    await this.#states.update(parseUserId(userId), (state) => {
      const before = state.purchases?.[provider] ?? NO_PURCHASES;
      const after = change(before);
      return after === before ? state : this.#withPurchases(state, provider, after);
    });
  }

  /** Gives the credits of a payment to a user, or takes them back, by the latest event about it. */
  async credit(userId: UserId, payment: string, event: GrantEvent): Promise<void> {
    await applyGrant(creditAccount({ id: parseUserId(userId) }), payment, event, this.#ledger);
  }

  /** Small facts about payments. */
  get records(): Records {
    return this.#ledger.records;
  }

  #withPurchases(state: UserState, provider: string, after: ProviderPurchases): UserState {
    const purchases = { ...state.purchases, [provider]: after };
    const plan = planOfPurchases(purchases, this.#planNames, this.#clock.nowMs());
    return isSetLater(state.plan, plan) ? { ...state, purchases } : { ...state, purchases, plan };
  }
}

/** Only a plan of purchases has `endsMs`. */
const isSetLater = (current: PushedPlan | undefined, plan: PushedPlan): boolean =>
  current !== undefined && current.endsMs === undefined && current.asOfMs > plan.asOfMs;

const billedUsersOfGuards = new Attached<BilledUsers>('billed users');

/** Lets webhooks that are mounted beside a guard change the plans of its users. */
export function shareBilledUsers<Guard extends object>(guard: Guard, users: BilledUsers): Guard {
  return billedUsersOfGuards.attach(guard, users);
}

/** Returns the users of a guard. `TypeError` for a value that `createGuardedCompletion` did not make. */
export function billedUsersOf(guard: object): BilledUsers {
  return billedUsersOfGuards.of(guard);
}
