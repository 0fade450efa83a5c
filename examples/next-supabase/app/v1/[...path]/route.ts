import { guardNext } from 'guarded-completion/next';
import { guard } from '../../../lib/guard.ts';

export const { GET, POST, OPTIONS } = guardNext(guard);
