/** A "file of yours" that blocks of an app import: the user token, fetched with the app's own login. */
export async function userToken(): Promise<string> {
  const answer = await fetch('https://api.my-app.com/login', { method: 'POST' });
  return await answer.text();
}
