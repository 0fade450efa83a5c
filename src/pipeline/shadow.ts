import type { Events } from '../core/events.ts';
import type { HeaderList } from '../core/response.ts';
import { shadowLimits } from '../plans/shadow-limits.ts';
import type { Admitted } from './states.ts';

/** Emits once for an admitted call which shadow limits would have refused it. */
export function noteWouldDeny(admitted: Admitted, events: Events): void {
  const { wouldDeny, limitStatus } = admitted;
  if (wouldDeny === undefined || !events.isHeard('would_deny')) return;
  events.emit('would_deny', {
    callId: admitted.inFlight.id,
    userId: admitted.identity.user.id,
    plan: admitted.plan.name,
    endpoint: admitted.endpoint.name,
    model: admitted.built.model,
    limits: shadowLimits(limitStatus, wouldDeny),
  });
}

/** Shows a client which of its own shadow limits would have refused its call. Never those of others. */
export function showShadow(headers: HeaderList, { wouldDeny, limitStatus }: Admitted): void {
  if (wouldDeny === undefined) return;
  const { applied } = limitStatus.accounts;
  const own = wouldDeny.flatMap(({ claim }) => {
    const broken = applied[claim];
    return broken?.scope === 'own' ? [broken.limit.name] : [];
  });
  if (own.length > 0) headers['x-guard-shadow'] = own.join(', ');
}
