import { guard } from '../../lib/guard';
import { userOf } from '../../lib/user-of';

export async function POST(request: Request): Promise<Response> {
  const user = userOf(request);
  if (user === null) return new Response(null, { status: 401 });
  return Response.json(await guard().tokens.issue({ user }));
}
