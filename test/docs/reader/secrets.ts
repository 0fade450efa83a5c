/** A "file of yours" that blocks import: clients of secret managers. */

const KEY = process.env['OPENAI_API_KEY'] ?? '';

export const readSecret = async (_name: string): Promise<string> => KEY;
export const ownKeyOf = async (userId: string): Promise<string | undefined> =>
  userId === 'customer' ? KEY : undefined;

export const aws = {
  read: async (_id: string) => ({ SecretString: JSON.stringify({ key: KEY }) }),
};
export const google = {
  accessSecretVersion: async (_request: { name: string }) =>
    [{ payload: { data: Buffer.from(KEY) } }] as const,
};
export const azure = { getSecret: async (_name: string) => ({ value: KEY }) };
export const vault = { read: async (_path: string) => ({ data: { data: { key: KEY } } }) };
export const doppler = {
  secrets: { get: async (..._where: [string, string, string]) => ({ value: { computed: KEY } }) },
};
export const onePassword = { secrets: { resolve: async (_reference: string) => KEY } };
