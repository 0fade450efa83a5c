import { guardNext } from 'guarded-completion/next';
import { guard } from '../../../lib/guard';

export const { GET, POST, OPTIONS } = guardNext(guard);
